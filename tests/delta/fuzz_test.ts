import { encodeDelta } from "../../src/delta/mod.ts";
import { fuzzOnce, randomNumbers } from "./fuzz.ts";
import { noise } from "./sample_files.ts";
import { sampleElf, sampleTar } from "./sample_programs.ts";

/** For each of four files: twenty seconds in CI, four elsewhere. `bench/delta_fuzz.ts` goes on for minutes. */
const MILLISECONDS = Deno.env.has("CI") ? 5000 : 1000;
/** Rounds that even a slow machine must do. */
const LEAST_ROUNDS = 200;
/** Another one each time; `BRECCIA_FUZZ_SEED=N` repeats what failed. */
const RANDOM_SEED = Number(Deno.env.get("BRECCIA_FUZZ_SEED") ?? Date.now() % 2 ** 31);

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
    const random = randomNumbers(RANDOM_SEED);
    const deltas = await Promise.all(
      [false, true].map((small) => encodeDelta(old, fresh, { segmentBytes: 3000, small })),
    );
    const end = performance.now() + MILLISECONDS;
    for (let round = 0; round < LEAST_ROUNDS || performance.now() < end; round++) {
      const delta = deltas[round % 2] as Uint8Array;
      try {
        await fuzzOnce({ before: old, after: fresh, delta }, random);
      } catch (cause) {
        throw new Error(`in round ${round} of BRECCIA_FUZZ_SEED=${RANDOM_SEED}`, { cause });
      }
    }
  });
}
