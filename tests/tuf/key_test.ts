import assert from "node:assert/strict";
import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { concatBytes, decodeHex, encodeHex } from "../../src/bytes/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { computeKeyId, Ed25519Signer, readKey } from "../../src/tuf/mod.ts";
import { PublicKey } from "../../src/tuf/public_key.ts";
import { isSmallOrder } from "../../src/tuf/small_order.ts";

const MESSAGE = new TextEncoder().encode("what was signed");
const OTHER = new TextEncoder().encode("what was not");

function pem(spki: ArrayBuffer, lineEnd = "\n"): string {
  const lines = btoa(String.fromCharCode(...new Uint8Array(spki))).match(/.{1,64}/g) ?? [];
  return ["-----BEGIN PUBLIC KEY-----", ...lines, "-----END PUBLIC KEY-----", ""].join(lineEnd);
}

function derInteger(scalar: Uint8Array): Uint8Array {
  let start = 0;
  while (start < scalar.length - 1 && scalar[start] === 0) start++;
  const sign = (scalar[start] as number) >= 0x80 ? [0] : [];
  return new Uint8Array([2, scalar.length - start + sign.length, ...sign, ...scalar.slice(start)]);
}

/** `r ‖ s` in DER. */
function toDer(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  const body = concatBytes([derInteger(raw.subarray(0, half)), derInteger(raw.subarray(half))]);
  return new Uint8Array([0x30, body.length, ...body]);
}

function key(keytype: string, scheme: string, text: string): PublicKey {
  const read = PublicKey.read(keytype, scheme, text);
  assert.ok(read, `${keytype} with ${scheme} is known`);
  return read;
}

for (
  const [curve, scheme, hash] of [
    ["P-256", "ecdsa-sha2-nistp256", "SHA-256"],
    ["P-384", "ecdsa-sha2-nistp384", "SHA-384"],
  ] as const
) {
  Deno.test(`ECDSA ${curve} keys verify DER signatures, in PEM, CRLF PEM and hex`, async () => {
    const algorithm = { name: "ECDSA", namedCurve: curve };
    const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const spki = await crypto.subtle.exportKey("spki", pair.publicKey);
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const identities = new Set<string>();
    for (const text of [pem(spki), pem(spki, "\r\n"), encodeHex(point)]) {
      for (const keytype of ["ecdsa", scheme]) {
        const read = key(keytype, scheme, text);
        identities.add(read.identity);
        for (let round = 0; round < 4; round++) {
          const raw = await crypto.subtle.sign({ name: "ECDSA", hash }, pair.privateKey, MESSAGE);
          const signature = toDer(new Uint8Array(raw));
          assert.ok(await read.verify(MESSAGE, signature));
          assert.ok(!await read.verify(OTHER, signature));
          assert.ok(!await read.verify(MESSAGE, new Uint8Array(raw)), "raw is not DER");
        }
      }
    }
    assert.equal(identities.size, 1, "one key in three forms is one key");
    const [wrong] = [["ecdsa-sha2-nistp384", "ecdsa-sha2-nistp256"][curve === "P-256" ? 0 : 1]!];
    for (const text of [pem(spki), encodeHex(point)]) {
      assert.throws(
        () => PublicKey.read("ecdsa", wrong, text),
        (error) => isBrecciaError(error, "key-invalid"),
        "the wrong curve is refused when it is read",
      );
    }
  });
}

async function rsa(name: string, modulusLength: number): Promise<CryptoKeyPair> {
  const publicExponent = new Uint8Array([1, 0, 1]);
  const algorithm = { name, modulusLength, publicExponent, hash: "SHA-256" };
  return await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair;
}

Deno.test("RSA-PSS keys verify salts of the digest's length and of any other", async () => {
  const pair = await rsa("RSA-PSS", 2048);
  const spki = await crypto.subtle.exportKey("spki", pair.publicKey);
  const read = key("rsa", "rsassa-pss-sha256", pem(spki, "\r\n"));
  for (const saltLength of [32, 222, 20, 0]) {
    const algorithm = { name: "RSA-PSS", saltLength };
    const signature = await crypto.subtle.sign(algorithm, pair.privateKey, MESSAGE);
    assert.ok(await read.verify(MESSAGE, new Uint8Array(signature)), `salt of ${saltLength}`);
    assert.ok(!await read.verify(OTHER, new Uint8Array(signature)));
  }
});

Deno.test("RSA PKCS #1 v1.5 keys verify, and are the same key under either scheme", async () => {
  const pair = await rsa("RSASSA-PKCS1-v1_5", 2048);
  const text = pem(await crypto.subtle.exportKey("spki", pair.publicKey));
  const read = key("rsa", "rsa-pkcs1v15-sha256", text);
  const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", pair.privateKey, MESSAGE);
  assert.ok(await read.verify(MESSAGE, new Uint8Array(signature)));
  assert.ok(!await read.verify(OTHER, new Uint8Array(signature)));
  assert.equal(read.identity, key("rsa", "rsassa-pss-sha256", text).identity);
});

Deno.test("an RSA modulus of 1024 bits is refused when it is read", async () => {
  const spki = await crypto.subtle.exportKey("spki", (await rsa("RSA-PSS", 1024)).publicKey);
  assert.throws(
    () => PublicKey.read("rsa", "rsassa-pss-sha256", pem(spki)),
    (error) => isBrecciaError(error, "key-invalid") && /not 1024/.test(error.message),
  );
});

Deno.test("every small-order point, in every encoding, is refused, as an independent library says", () => {
  // The points of small order have these y, canonical or plus p, with either sign.
  const p = 2n ** 255n - 19n;
  const generator = ed25519.Point.fromHex(
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  );
  const ys = new Set<bigint>();
  let point = generator;
  for (let multiple = 0; multiple < 8; multiple++) {
    assert.ok(point.isSmallOrder());
    ys.add(point.toAffine().y);
    point = point.add(generator);
  }
  for (const y of ys) {
    for (const encoded of [y, y + p].filter((number) => number < 2n ** 255n)) {
      for (const sign of [0n, 2n ** 255n]) {
        const hex = (encoded + sign).toString(16).padStart(64, "0");
        const bytes = (decodeHex(hex) as Uint8Array).reverse();
        assert.ok(isSmallOrder(bytes), encodeHex(bytes));
        assert.throws(
          () => PublicKey.read("ed25519", "ed25519", encodeHex(bytes)),
          (error) => isBrecciaError(error, "key-invalid"),
        );
      }
    }
  }
});

Deno.test("a generated Ed25519 key verifies, and comes back from its seed and its PKCS #8", async () => {
  const signer = await Ed25519Signer.generate();
  assert.ok(await signer.key.publicKey?.verify(MESSAGE, await signer.sign(MESSAGE)));
  assert.equal((await Ed25519Signer.fromSeed(signer.seed())).keyId, signer.keyId);
  assert.equal((await Ed25519Signer.fromPkcs8(signer.pkcs8())).keyId, signer.keyId);
  await assert.rejects(
    Ed25519Signer.fromPkcs8(new Uint8Array(48)),
    (error) => isBrecciaError(error, "key-invalid"),
  );
});

Deno.test("key ids are those that the field computes", async () => {
  // From the repository of python-tuf's tests.
  const key = readKey(
    new Map<string, string | string[] | Map<string, string>>([
      ["keyid_hash_algorithms", ["sha256", "sha512"]],
      ["keytype", "ed25519"],
      [
        "keyval",
        new Map([["public", "edcd0a32a07dce33f7c7873aaffbff36d20ea30787574ead335eefd337e4dacd"]]),
      ],
      ["scheme", "ed25519"],
    ]),
    "test key",
  );
  assert.equal(
    await computeKeyId(key),
    "59a4df8af818e9ed7abe0764c0b47b4240952aa0d179b5b78346c470ac30278d",
  );
});

Deno.test("reading a key never throws anything but our error", () => {
  const kinds = fc.constantFrom("ed25519", "rsa", "ecdsa", "ecdsa-sha2-nistp256", "other");
  const schemes = fc.constantFrom(
    "ed25519",
    "rsassa-pss-sha256",
    "rsa-pkcs1v15-sha256",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
  );
  const texts = fc.oneof(
    fc.string(),
    fc.uint8Array({ maxLength: 120 }).map(encodeHex),
    fc.uint8Array({ maxLength: 400 }).map((bytes) => pem(bytes.slice().buffer)),
  );
  fc.assert(
    fc.property(kinds, schemes, texts, (keytype, scheme, text) => {
      try {
        PublicKey.read(keytype, scheme, text);
      } catch (error) {
        assert.ok(isBrecciaError(error, "key-invalid"), String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
