import assert from "node:assert/strict";
import { describeDelta, encodeDelta } from "../../src/delta/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { sampleElf } from "./sample_programs.ts";

Deno.test("describeDelta() accounts for every byte of a delta", async () => {
  const delta = await encodeDelta(sampleElf("x86-64", false), sampleElf("x86-64", true));
  const { headBytes, imageBytes, matchBytes, streams } = await describeDelta(delta);
  const streamBytes = Object.values(streams).reduce((sum, bytes) => sum + bytes, 0);
  assert.equal(headBytes + imageBytes + matchBytes + streamBytes, delta.length);
  assert.ok(streams.literal > 0);
});

Deno.test("describeDelta() refuses what is no delta", async () => {
  await assert.rejects(
    describeDelta(new Uint8Array(64)),
    (error) => isBrecciaError(error, "delta-malformed"),
  );
});
