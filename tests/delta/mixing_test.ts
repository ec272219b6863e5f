import assert from "node:assert/strict";
import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { BinaryDecoder, BinaryEncoder } from "../../src/delta/mixing/binary_coder.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { MixedDecoder } from "../../src/delta/mixing/mixed_decoder.ts";
import { MixedEncoder } from "../../src/delta/mixing/mixed_encoder.ts";
import type { Neighbourhood, ResidualCoder } from "../../src/delta/residual_coder.ts";

// This file runs in every runtime, without zstd and files: all must come to the same bits.

/** Numbers under 2^32 that are the same on every run. */
function sequence(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const LENGTH = 60_000;

/** SHA-256 of what the scenario is stored in. */
const GOLDEN = "cd376c6095dd2594830c38fcb54eea025652ce4b5e3b041683ae3adbc462b476";

/** An old file with small numbers in it, and a new one that differs in what `scenario` codes. */
function files(): { old: Uint8Array<ArrayBuffer>; fresh: Uint8Array<ArrayBuffer> } {
  const next = sequence(7);
  const old = new Uint8Array(LENGTH);
  for (let i = 0; i < LENGTH; i++) old[i] = next() % 5 === 0 ? next() & 0xff : i & 0x1f;
  const fresh = old.slice();
  for (let i = 0; i < LENGTH; i += 1 + next() % 400) fresh[i]! += 1 + next() % 3;
  return { old, fresh };
}

/** What prediction does with a segment: every kind of token, and literals with and without neighbours. */
function scenario(coder: ResidualCoder, old: Uint8Array, output: Uint8Array): void {
  const view = new DataView(output.buffer);
  const oldView = new DataView(old.buffer);
  const near: Neighbourhood = { bytes: old, start: 0, end: 6000, at: 2000 };
  coder.bytes(old, 100, output, 0, 2000);
  coder.literals(output, 2000, 1500, near);
  for (let at = 3500; at < 20_000; at += 4) coder.word(oldView.getInt32(at, true), view, at);
  for (let at = 20_000; at < 40_000; at += 4) coder.reference(oldView.getInt32(at, true), view, at);
  for (let at = 40_000; at < 43_000; at += 3) coder.operand(old.slice(at, at + 3), output, at);
  coder.literals(output, 43_000, 500);
  coder.bytes(output, 1000, output, 43_500, LENGTH - 43_500);
}

Deno.test("mixed coding restores every kind of token, to the same bits on every runtime", async () => {
  const { old, fresh } = files();
  const encoder = new MixedEncoder();
  for (let round = 0; round < 2; round++) {
    encoder.start(LENGTH);
    const output = fresh.slice();
    scenario(encoder, old, output);
    const { tokens, literals } = encoder.finish();
    assert.deepEqual(output, fresh, "an encoder changes nothing");
    assert.equal(tokens.length + literals.length, 10_393);
    const stored = new Uint8Array([...tokens, ...literals]);
    assert.equal(encodeHex(await sha256(stored)), GOLDEN);

    const decoder = new MixedDecoder();
    decoder.start(tokens, literals, LENGTH);
    const restored = new Uint8Array(LENGTH);
    scenario(decoder, old, restored);
    decoder.finish();
    assert.deepEqual(restored, fresh);
  }
});

Deno.test("the range coder restores decisions of any probability, and costs what they say", () => {
  const next = sequence(11);
  const decisions = Array.from({ length: 20_000 }, () => {
    const p = 24 + next() % (65_512 - 24);
    return { p, bit: next() % 65_536 < p ? 1 : 0 };
  });
  const encoder = new BinaryEncoder();
  let cost = 0;
  for (const { p, bit } of decisions) {
    encoder.code(bit, p);
    cost -= Math.log2((bit === 1 ? p : 65_536 - p) / 65_536);
  }
  const bytes = encoder.finish();
  assert.ok(Math.abs(bytes.length - cost / 8) < 8, `${bytes.length} bytes for ${cost} bits`);
  const decoder = new BinaryDecoder(bytes);
  for (const { p, bit } of decisions) assert.equal(decoder.code(0, p), bit);
  assert.ok(decoder.ended);
});

Deno.test("a mixed segment without bytes does not decide for ever", () => {
  const { old } = files();
  const decoder = new MixedDecoder();
  decoder.start(new Uint8Array(0), new Uint8Array(0), LENGTH);
  assert.throws(
    () => scenario(decoder, old, new Uint8Array(LENGTH)),
    (error: unknown) => isBrecciaError(error, "delta-malformed"),
  );
});

Deno.test("a mixed segment of nothing but wrong guesses is refused at its bound", () => {
  const length = 600_000;
  const next = sequence(5);
  const old = new Uint8Array(length);
  const fresh = new Uint8Array(length).map(() => 1 + next() % 255);
  const encoder = new MixedEncoder();
  encoder.start(length);
  encoder.bytes(old, 0, fresh, 0, length);
  assert.equal(encoder.wrong, length);
  const { tokens, literals } = encoder.finish();
  const decoder = new MixedDecoder();
  decoder.start(tokens, literals, length);
  const restored = new Uint8Array(length);
  assert.throws(
    () => decoder.bytes(old, 0, restored, 0, length),
    (error: unknown) => isBrecciaError(error, "delta-malformed"),
  );
});

Deno.test("a mixed segment whose streams are longer than what it makes is refused", () => {
  const { old, fresh } = files();
  const encoder = new MixedEncoder();
  encoder.start(LENGTH);
  scenario(encoder, old, fresh.slice());
  const { tokens, literals } = encoder.finish();
  const decoder = new MixedDecoder();
  const longer = new Uint8Array([...tokens, ...new Uint8Array(100).fill(1)]);
  decoder.start(longer, literals, LENGTH);
  scenario(decoder, old, new Uint8Array(LENGTH));
  assert.throws(
    () => decoder.finish(),
    (error: unknown) => isBrecciaError(error, "delta-malformed"),
  );
});
