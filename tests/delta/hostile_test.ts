import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { decodeDelta, encodeDelta } from "../../src/delta/mod.ts";
import { noise } from "./sample_files.ts";

/** A small delta that uses old matches, new matches, wrong guesses and literals. */
async function sample(): Promise<{ before: Uint8Array; after: Uint8Array; delta: Uint8Array }> {
  const before = noise(400, 11);
  const after = new Uint8Array(600);
  after.set(before.subarray(100, 350));
  after[77]! ^= 9;
  after.set(noise(50, 12), 250);
  after.set(after.subarray(10, 310), 300);
  return { before, after, delta: await encodeDelta(before, after, { segmentBytes: 256 }) };
}

/** Decoding ends in one of our errors; never in another error, a hang or a wrong file. */
async function refuses(delta: Uint8Array, before: Uint8Array, what: string): Promise<void> {
  try {
    await decodeDelta(delta, before);
  } catch (error) {
    const ours = isBrecciaError(error, "delta-malformed", "delta-mismatch");
    assert.ok(ours, `${what}: ${error instanceof Error ? error.stack : error}`);
    return;
  }
  assert.fail(`${what}: it was accepted`);
}

Deno.test("a delta cut short at any byte is refused", async () => {
  const { before, delta } = await sample();
  for (let length = 0; length < delta.length; length++) {
    await refuses(delta.slice(0, length), before, `${length} bytes`);
  }
});

Deno.test("a delta with any bit flipped is refused", async () => {
  const { before, delta } = await sample();
  for (let bit = 0; bit < 8 * delta.length; bit++) {
    const twin = delta.slice();
    twin[bit >> 3]! ^= 1 << (bit & 7);
    await refuses(twin, before, `bit ${bit}`);
  }
});

Deno.test("a delta with trailing bytes, or for another old file, is refused", async () => {
  const { before, delta } = await sample();
  const longer = new Uint8Array(delta.length + 1);
  longer.set(delta);
  await refuses(longer, before, "a trailing byte");
  await refuses(delta, before.slice(1), "a shorter old file");
  await refuses(delta, noise(400, 99), "another old file");
});
