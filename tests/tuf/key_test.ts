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

Deno.test("RSA-PSS keys verify the two salts of the field, and try no other", async () => {
  const pair = await rsa("RSA-PSS", 2048);
  const spki = await crypto.subtle.exportKey("spki", pair.publicKey);
  const read = key("rsa", "rsassa-pss-sha256", pem(spki, "\r\n"));
  for (const saltLength of [32, 222, 20, 0]) {
    const algorithm = { name: "RSA-PSS", saltLength };
    const signature = await crypto.subtle.sign(algorithm, pair.privateKey, MESSAGE);
    const tried = [32, 222].includes(saltLength);
    assert.equal(await read.verify(MESSAGE, new Uint8Array(signature)), tried, `${saltLength}`);
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

Deno.test("garbage under an RSA key costs two verifications, not one for each length of salt", async () => {
  const pair = await rsa("RSA-PSS", 2048);
  const read = key(
    "rsa",
    "rsassa-pss-sha256",
    pem(await crypto.subtle.exportKey("spki", pair.publicKey)),
  );
  const verify = crypto.subtle.verify;
  let verifications = 0;
  crypto.subtle.verify = (...args: Parameters<typeof verify>) => {
    verifications++;
    return verify.apply(crypto.subtle, args);
  };
  try {
    assert.ok(!await read.verify(MESSAGE, new Uint8Array(256).fill(0x5a)));
  } finally {
    crypto.subtle.verify = verify;
  }
  assert.equal(verifications, 2);
});

/** One DER element; `pad` writes its length in more bytes than it needs. */
function der(tag: number, content: Uint8Array, pad = 0): Uint8Array {
  const size = content.length;
  const needed = size < 0x80 ? [] : size < 0x100 ? [size] : [size >> 8, size & 0xff];
  const long = pad === 0
    ? needed
    : [...new Array(pad).fill(0), ...(needed.length ? needed : [size])];
  const length = long.length === 0 ? [size] : [0x80 | long.length, ...long];
  return concatBytes([new Uint8Array([tag, ...length]), content]);
}

const RSA_ALGORITHM = decodeHex("06092a864886f70d0101010500") as Uint8Array;

function rsaKeyInfo(
  modulus: Uint8Array,
  exponent: Uint8Array,
  { pad = 0, after = new Uint8Array() } = {},
): Uint8Array<ArrayBuffer> {
  const numbers = [der(2, modulus), der(2, exponent), after];
  const bits = concatBytes([new Uint8Array(1), der(0x30, concatBytes(numbers), pad)]);
  return new Uint8Array(der(0x30, concatBytes([der(0x30, RSA_ALGORITHM), der(3, bits)])));
}

Deno.test("an RSA key has one encoding: every other one of the same numbers is refused", async () => {
  const spki = new Uint8Array(
    await crypto.subtle.exportKey("spki", (await rsa("RSA-PSS", 2048)).publicKey),
  );
  const modulus = spki.subarray(spki.length - 5 - 257, spki.length - 5);
  const exponent = new Uint8Array([1, 0, 1]);
  assert.deepEqual(rsaKeyInfo(modulus, exponent), spki);
  const [zero, byte] = [new Uint8Array(1), new Uint8Array([5, 0])];
  const others: readonly [string, Uint8Array<ArrayBuffer>][] = [
    ["a leading zero before the modulus", rsaKeyInfo(concatBytes([zero, modulus]), exponent)],
    ["a leading zero before the exponent", rsaKeyInfo(modulus, concatBytes([zero, exponent]))],
    ["a negative modulus", rsaKeyInfo(modulus.subarray(1), exponent)],
    ["a length in more bytes than it needs", rsaKeyInfo(modulus, exponent, { pad: 1 })],
    ["more after the exponent", rsaKeyInfo(modulus, exponent, { after: byte })],
    ["an exponent of more than 32 bits", rsaKeyInfo(modulus, new Uint8Array([1, 0, 0, 0, 1]))],
    ["an exponent of 1", rsaKeyInfo(modulus, new Uint8Array([1]))],
    ["bytes behind the key", concatBytes([spki, byte]) as Uint8Array<ArrayBuffer>],
  ];
  for (const [what, bytes] of others) {
    assert.throws(
      () => PublicKey.read("rsa", "rsassa-pss-sha256", pem(new Uint8Array(bytes).buffer)),
      (error) => isBrecciaError(error, "key-invalid"),
      what,
    );
  }
});

Deno.test("an ECDSA signature has one encoding: padded integers and lengths don't verify", async () => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const read = key("ecdsa", "ecdsa-sha2-nistp256", encodeHex(point));
  const raw = new Uint8Array(
    await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, MESSAGE),
  );
  const [r, s] = [derInteger(raw.subarray(0, 32)), derInteger(raw.subarray(32))];
  const content = (integer: Uint8Array) => integer.subarray(2);
  assert.ok(await read.verify(MESSAGE, der(0x30, concatBytes([r, s]))));
  const padded = der(2, concatBytes([new Uint8Array(1), content(r)]));
  assert.ok(!await read.verify(MESSAGE, der(0x30, concatBytes([padded, s]))));
  assert.ok(!await read.verify(MESSAGE, der(0x30, concatBytes([r, s]), 1)));
  assert.ok(!await read.verify(MESSAGE, der(0x30, concatBytes([der(2, content(r), 1), s]))));
});

Deno.test("an Ed25519 key has one encoding: a point whose y is not below p is refused", () => {
  // y = p + 3, which decodes to the point with y = 3.
  const text = "f0" + "ff".repeat(30) + "7f";
  assert.throws(
    () => PublicKey.read("ed25519", "ed25519", text),
    (error) => isBrecciaError(error, "key-invalid"),
  );
});

Deno.test("without Ed25519 in WebCrypto a good key verifies, and a wrong signature still does not", async () => {
  const signer = await Ed25519Signer.generate();
  const signature = await signer.sign(MESSAGE);
  const hex = encodeHex(new Uint8Array(signature));
  const text = signer.key.json.get("keyval") as ReadonlyMap<string, string>;
  const importKey = crypto.subtle.importKey;
  // As browsers of 2024 answer.
  crypto.subtle.importKey = (() =>
    Promise.reject(
      new DOMException("Algorithm: Unrecognized name", "NotSupportedError"),
    )) as typeof importKey;
  try {
    const read = key("ed25519", "ed25519", text.get("public") as string);
    assert.ok(await read.verify(MESSAGE, signature));
    assert.ok(!await read.verify(OTHER, signature));
    const wrong = decodeHex(hex) as Uint8Array;
    wrong[40] = (wrong[40] as number) ^ 1;
    assert.ok(!await read.verify(MESSAGE, wrong));
    assert.ok(!await read.verify(MESSAGE, wrong.subarray(0, 63)), "63 bytes are no signature");
  } finally {
    crypto.subtle.importKey = importKey;
  }
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
