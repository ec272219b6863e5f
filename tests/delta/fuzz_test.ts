import { encodeDelta } from "../../src/delta/mod.ts";
import { fuzzOnce, randomNumbers } from "./fuzz.ts";
import { noise } from "./sample_files.ts";
import { sampleElf, sampleTar } from "./sample_programs.ts";

/** Rounds for each seed file and coding: about twenty seconds in all; `bench/delta_fuzz.ts` goes on for minutes. */
const ROUNDS = 1500;

const before = noise(2000, 31);
const after = before.slice();
after.set(noise(100, 32), 500);
after.copyWithin(1500, 0, 300);

const SEEDS = [
  ["a flat delta", before, after],
  ["an x86-64 delta", sampleElf("x86-64", false), sampleElf("x86-64", true)],
  ["an arm64 delta", sampleElf("arm64", false), sampleElf("arm64", true)],
  [
    "an archive's delta",
    sampleTar([["a", sampleElf("arm64", false)], ["b", before]]),
    sampleTar([["b", after], ["a", sampleElf("arm64", true)]]),
  ],
] as const;

for (const [name, old, fresh] of SEEDS) {
  Deno.test(`${name}, damaged at random, ends in our errors or in bytes of the right length`, async () => {
    const random = randomNumbers(2463534242);
    for (const small of [false, true]) {
      const delta = await encodeDelta(old, fresh, { segmentBytes: 3000, small });
      for (let round = 0; round < ROUNDS; round++) {
        await fuzzOnce({ before: old, after: fresh, delta }, random);
      }
    }
  });
}
