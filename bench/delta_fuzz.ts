/**
 * Damages deltas at random and decodes them, for ten minutes or as many seconds as asked:
 * `bench/delta_fuzz.ts [SECONDS [SEED]]`. Writes its report; anything but our errors ends it at once.
 */
import { encodeDelta } from "../src/delta/mod.ts";
import { fuzzOnce, randomNumbers } from "../tests/delta/fuzz.ts";
import { sampleModule, sampleProgram, sampleTar } from "../tests/delta/sample_programs.ts";
import { writeReport } from "./report.ts";

const seconds = Number(Deno.args[0] ?? 600);
const seed = Number(Deno.args[1] ?? Date.now() % 2 ** 31);
const random = randomNumbers(seed);
const sample = (fresh: boolean): Uint8Array =>
  sampleTar([
    ["x", sampleProgram("ELF", "x86-64", fresh)],
    ["a", sampleProgram("ELF", "arm64", fresh)],
    ["p", sampleProgram("PE", "x86-64", fresh)],
    ["m", sampleProgram("Mach-O", "arm64", fresh)],
    ["w", sampleModule(fresh)],
  ]);
const [before, after] = [sample(false), sample(true)];
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
await writeReport("delta-fuzz", `Deltas damaged at random (seed ${seed})`, [
  { measure: "time", value: seconds, unit: "s" },
  {
    measure: "damaged deltas of five programs in an archive, both codings",
    value: rounds,
    unit: "",
  },
  {
    measure: "other than our errors or bytes of the promised length",
    value: 0,
    unit: "",
    target: "0",
  },
]);
