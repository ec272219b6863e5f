/**
 * Changes the code, one small change at a time, and asks whether the tests of its room notice:
 *
 *     deno task mutate src/tuf 40              forty mutants of a room, drawn by a seed
 *     deno task mutate src/tuf 40 --seed 7
 *
 * Works in a copy of the tree. Prints the survivors, and ends with the share that was killed: by a failing
 * test, or by tests that did not end within four times what they take unchanged.
 */
import { parseArgs } from "node:util";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Mutant, mutantsOf, mutate } from "./mutants.ts";

/** Tests that hold a room to its promises, where they are more than its own folder's. */
const TESTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["src/tuf", ["tests/tuf", "tests/attack"]],
]);

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { seed: { type: "string", default: "1" }, jobs: { type: "string", default: "2" } },
});
const [room, count = "40"] = positionals;
if (room === undefined) {
  console.error("usage: deno task mutate ROOM [COUNT] [--seed N] [--jobs N]");
  Deno.exit(2);
}
const tests = TESTS.get(room) ?? [room.replace(/^src\//, "tests/")];
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const copies = await Promise.all(Array.from({ length: Number(values.jobs) }, copyOfTree));

try {
  const started = performance.now();
  if (!await passes(copies[0] as string, undefined)) {
    console.error(`The tests of ${room} fail without any change: mend them first.`);
    Deno.exit(1);
  }
  const limit = 4 * (performance.now() - started) * copies.length + 10_000;
  const chosen = draw(await allMutants(room), Number(count), Number(values.seed));
  const survivors: Mutant[] = [];
  const queue = chosen.values();
  await Promise.all(copies.map(async (copy) => {
    for (const mutant of queue) {
      const path = join(copy, mutant.file);
      const source = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, mutate(source, mutant));
      if (await passes(copy, limit)) survivors.push(mutant);
      await Deno.writeTextFile(path, source);
    }
  }));
  survivors.sort((a, b) => a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line);
  for (const { file, line, change } of survivors) {
    console.log(`survived ${file}:${line}  ${change}`);
  }
  const killed = chosen.length - survivors.length;
  const share = (100 * killed / Math.max(1, chosen.length)).toFixed(0);
  console.log(
    `${room}: ${killed} of ${chosen.length} mutants killed (${share} %), seed ${values.seed}`,
  );
} finally {
  await Promise.all(copies.map((copy) => Deno.remove(copy, { recursive: true })));
}

/** What git tracks, as it is in the working tree. */
async function copyOfTree(): Promise<string> {
  const copy = await Deno.makeTempDir({ prefix: "mutants-" });
  const { stdout } = await new Deno.Command("git", { args: ["ls-files", "-z"], cwd: root })
    .output();
  for (const path of new TextDecoder().decode(stdout).split("\0")) {
    if (path === "" || path.startsWith("bench/results/")) continue;
    await Deno.mkdir(dirname(join(copy, path)), { recursive: true });
    await Deno.copyFile(join(root, path), join(copy, path));
  }
  return copy;
}

/** Whether the room's tests pass in `copy` within `limit` milliseconds. */
async function passes(copy: string, limit: number | undefined): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-A",
      "--no-check",
      "--quiet",
      "--fail-fast",
      "--preload=tests/seed.ts",
      ...tests,
    ],
    cwd: copy,
    stdout: "null",
    stderr: "null",
    ...(limit === undefined ? {} : { signal: AbortSignal.timeout(limit) }),
  }).output();
  return success;
}

async function allMutants(folder: string): Promise<Mutant[]> {
  const { stdout } = await new Deno.Command("git", { args: ["ls-files", folder], cwd: root })
    .output();
  const files = new TextDecoder().decode(stdout).trim().split("\n").filter((file) =>
    /\.tsx?$/.test(file)
  );
  const mutants: Mutant[] = [];
  for (const file of files) {
    mutants.push(...mutantsOf(file, await Deno.readTextFile(join(root, file))));
  }
  return mutants;
}

/** `count` of `mutants` without repeats, the same for the same seed (xorshift32). */
function draw(mutants: Mutant[], count: number, seed: number): Mutant[] {
  let state = seed | 0 || 1;
  const pool = [...mutants];
  const drawn: Mutant[] = [];
  while (drawn.length < count && pool.length > 0) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    drawn.push(...pool.splice((state >>> 0) % pool.length, 1));
  }
  return drawn;
}
