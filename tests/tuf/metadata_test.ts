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
