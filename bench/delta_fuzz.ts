/** Damages deltas at random and decodes them, for ten minutes or as many seconds as asked. */
import { encodeDelta } from "../src/delta/mod.ts";
import { fuzzOnce, randomNumbers } from "../tests/delta/fuzz.ts";
import { sampleElf, sampleTar } from "../tests/delta/sample_programs.ts";

const seconds = Number(Deno.args[0] ?? 600);
const seed = Number(Deno.args[1] ?? Date.now() % 2 ** 31);
const random = randomNumbers(seed);
const before = sampleTar([["a", sampleElf("x86-64", false)], ["b", sampleElf("arm64", false)]]);
const after = sampleTar([["b", sampleElf("arm64", true)], ["a", sampleElf("x86-64", true)]]);
const deltas = [
  await encodeDelta(before, after, { segmentBytes: 5000 }),
  await encodeDelta(before, after, { segmentBytes: 5000, small: true }),
] as const;
console.log(`seed ${seed}`);
const end = performance.now() + 1000 * seconds;
let rounds = 0;
for (; performance.now() < end; rounds++) {
  await fuzzOnce({ before, after, delta: deltas[rounds % 2 === 0 ? 0 : 1] }, random);
}
console.log(`${rounds} damaged deltas, none of which did harm`);
