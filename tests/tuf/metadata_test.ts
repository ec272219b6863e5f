import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import {
  countedSignatures,
  Ed25519Signer,
  readMetadata,
  signMetadata,
  type Timestamp,
} from "../../src/tuf/mod.ts";

const TIMESTAMP: Timestamp = {
  type: "timestamp",
  specVersion: "1.0.34",
  version: 7,
  expires: Date.UTC(2030, 0, 31),
  snapshot: { version: 3, length: 10, hashes: new Map([["sha256", "ab".repeat(32)]]) },
  unknown: new Map([["x-extension", new Map([["kept", true]])]]),
};

Deno.test("signed metadata reads back as it was written, unknown fields included", async () => {
  const signer = await Ed25519Signer.generate();
  const bytes = await signMetadata(TIMESTAMP, [signer]);
  const read = readMetadata(bytes, "timestamp", "timestamp.json");
  assert.deepEqual(read.signed, TIMESTAMP);
  const rule = {
    role: { keyIds: [signer.keyId], threshold: 1 },
    keys: new Map([[signer.keyId, signer.key]]),
    delegator: "the test",
  };
  assert.deepEqual([...await countedSignatures(read, rule)], [signer.keyId]);
});

Deno.test("one key listed under two ids counts once", async () => {
  const signer = await Ed25519Signer.generate();
  const alias = { key: signer.key, keyId: "alias", sign: signer.sign.bind(signer) };
  const bytes = await signMetadata(TIMESTAMP, [signer, alias]);
  const read = readMetadata(bytes, "timestamp", "timestamp.json");
  const rule = {
    role: { keyIds: [signer.keyId, "alias"], threshold: 2 },
    keys: new Map([[signer.keyId, signer.key], ["alias", signer.key]]),
    delegator: "the test",
  };
  assert.equal((await countedSignatures(read, rule)).size, 1);
});

Deno.test("metadata of another type is refused", async () => {
  const bytes = await signMetadata(TIMESTAMP, [await Ed25519Signer.generate()]);
  assert.throws(
    () => readMetadata(bytes, "root", "root.json"),
    (error) => isBrecciaError(error, "metadata-mismatch"),
  );
});

/** A timestamp file whose `expires` is this text, with these signatures. */
function timestampFile(expires: string, signatures: readonly unknown[] = []): Uint8Array {
  const signed = {
    _type: "timestamp",
    spec_version: "1.0.31",
    version: 1,
    expires,
    meta: { "snapshot.json": { version: 1 } },
  };
  return new TextEncoder().encode(JSON.stringify({ signatures, signed }));
}

Deno.test("every date of RFC 3339 is read, as go-tuf, tough and sigstore write them", () => {
  const forms: readonly (readonly [text: string, expires: number])[] = [
    ["2030-01-31T12:00:00Z", Date.UTC(2030, 0, 31, 12)],
    ["2030-01-31T12:00:00.123456789Z", Date.UTC(2030, 0, 31, 12)],
    ["2021-12-18T13:28:12.99008-06:00", Date.UTC(2021, 11, 18, 19, 28, 12)],
    ["2030-01-31T12:00:00+05:30", Date.UTC(2030, 0, 31, 6, 30)],
    ["2030-01-31t12:00:00z", Date.UTC(2030, 0, 31, 12)],
    ["2030-01-31 12:00:00-00:00", Date.UTC(2030, 0, 31, 12)],
    ["2016-12-31T23:59:60Z", Date.UTC(2017, 0, 1)],
  ];
  for (const [text, expires] of forms) {
    const bytes = timestampFile(text);
    const read = readMetadata(bytes, "timestamp", "timestamp.json");
    assert.equal(read.signed.expires, expires, text);
    assert.ok(new TextDecoder().decode(read.signedBytes).includes(text), "as it was signed");
  }
});

Deno.test("what is no date of RFC 3339 is refused", () => {
  const others = [
    "2030-02-31T12:00:00Z",
    "2030-01-31T24:00:00Z",
    "2030-01-31T12:00:61Z",
    "2030-01-31T12:00:00",
    "2030-01-31T12:00:00.Z",
    "2030-01-31T12:00:00+24:00",
    "2030-01-31T12:00:00+0530",
    "2030-1-31T12:00:00Z",
    "20300131T120000Z",
    "+012030-01-31T12:00:00Z",
    "2030-01-31T12:00:00Z\n",
    "",
  ];
  for (const text of others) {
    assert.throws(
      () => readMetadata(timestampFile(text), "timestamp", "timestamp.json"),
      (error) => isBrecciaError(error, "metadata-malformed"),
      text,
    );
  }
});

Deno.test("a file with more signatures than a ceremony makes is refused before any is verified", () => {
  const signatures = Array.from({ length: 513 }, (_, at) => ({ keyid: `key ${at}`, sig: "00" }));
  const date = "2030-01-31T12:00:00Z";
  const read = (count: number) =>
    readMetadata(timestampFile(date, signatures.slice(0, count)), "timestamp", "timestamp.json");
  assert.equal(read(512).signatures.size, 512);
  assert.throws(() => read(513), (error) => isBrecciaError(error, "metadata-malformed"));
});

Deno.test("a role of more than 128 keys is refused", () => {
  const root = (count: number): Uint8Array => {
    const keyids = Array.from({ length: count }, (_, at) => `key ${at}`);
    const role = { keyids, threshold: 1 };
    const signed = {
      _type: "root",
      spec_version: "1.0.31",
      version: 1,
      expires: "2030-01-31T12:00:00Z",
      consistent_snapshot: true,
      keys: {},
      roles: { root: role, timestamp: role, snapshot: role, targets: role },
    };
    return new TextEncoder().encode(JSON.stringify({ signatures: [], signed }));
  };
  assert.equal(readMetadata(root(128), "root", "root.json").signed.version, 1);
  assert.throws(
    () => readMetadata(root(129), "root", "root.json"),
    (error) => isBrecciaError(error, "metadata-malformed"),
  );
});
