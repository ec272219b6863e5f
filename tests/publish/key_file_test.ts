import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import {
  encodeKeyFile,
  isEncryptedKeyFile,
  readKeyFile,
  readPublicKeyFile,
} from "../../src/publish/mod.ts";
import { computeKeyId, Ed25519Signer } from "../../src/tuf/mod.ts";

const isKeystore = (error: unknown) => isBrecciaError(error, "keystore", "metadata-malformed");

Deno.test("a key survives its file, in the clear and encrypted", async () => {
  const signer = await Ed25519Signer.generate();
  for (const passphrase of [undefined, "tr0ub4dor \u00fc"]) {
    const file = await encodeKeyFile(signer, passphrase);
    assert.equal(isEncryptedKeyFile(file, "key"), passphrase !== undefined);
    assert.equal((await readKeyFile(file, "key", passphrase)).keyId, signer.keyId);
    assert.equal(await computeKeyId(readPublicKeyFile(file, "key")), signer.keyId);
  }
});

Deno.test("an encrypted key holds no secret in the clear, and no wrong passphrase opens it", async () => {
  const signer = await Ed25519Signer.fromSeed(new Uint8Array(32).fill(0xab));
  const file = await encodeKeyFile(signer, "right");
  assert.ok(!new TextDecoder().decode(file).includes("abababab"));
  for (const passphrase of ["wrong", "", undefined]) {
    await assert.rejects(readKeyFile(file, "key", passphrase), isKeystore);
  }
});

Deno.test("a key file that was cut, altered or given another key's secret is refused", async () => {
  const [a, b] = [await Ed25519Signer.generate(), await Ed25519Signer.generate()];
  const text = new TextDecoder().decode(await encodeKeyFile(a, "p"));
  const swapped = text.replaceAll(a.keyId, b.keyId);
  const flipped = text.replace(/"data":"(.)/, (_, digit) => `"data":"${digit === "0" ? "1" : "0"}`);
  for (const broken of [swapped, flipped, text.slice(0, -20), "{}", "[]", text.replace("1", "2")]) {
    await assert.rejects(readKeyFile(new TextEncoder().encode(broken), "key", "p"), isKeystore);
  }
});
