import assert from "node:assert/strict";
import fc from "fast-check";
import { Deflate, gzip } from "pako";
import { concatBytes, equalBytes } from "../../src/bytes/mod.ts";
import { ARCHIVE_LIMITS } from "../../src/limits.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";
import { OpenedArchive } from "../../src/archive/mod.ts";
import { SETUP_WORK } from "../../src/archive/deflate_budget.ts";
import { open, pieces, rebuilt, vector } from "./archive_fixture.ts";

const GZIP_VECTORS = [
  ["gnu-1.gz", "gnu", 1],
  ["gnu-6.gz", "gnu", 6],
  ["gnu-9.gz", "gnu", 9],
  ["zlib-6.gz", "zlib", 6],
  ["node-9.gz", "chromium", 9],
] as const;

for (const [name, flavour, level] of GZIP_VECTORS) {
  Deno.test(`a gzip file by another program is opened and made again: ${name}`, async () => {
    const file = vector(name);
    const opened = await open(file);
    const [header, stream, trailer] = opened.recipe.steps;
    assert.equal(opened.recipe.steps.length, 3);
    assert.deepEqual([header?.kind, trailer?.kind], ["copy", "copy"]);
    assert.ok(stream?.kind === "deflate");
    assert.deepEqual([stream.settings.flavour, stream.settings.level], [flavour, level]);
    assert.equal(stream.contentBytes, 240_000);
    assert.ok(equalBytes(await rebuilt(opened), file));
    for (const offset of [1, 10, 11, 40_000, file.length - 1]) {
      assert.ok(equalBytes(await rebuilt(opened, offset), file.subarray(offset)), `from ${offset}`);
    }
  });
}

Deno.test("a zip is opened member by member; what is stored is copied", async () => {
  const file = vector("python.zip");
  const opened = await open(file);
  const kinds = opened.recipe.steps.map(({ kind }) => kind);
  assert.deepEqual(kinds, ["copy", "deflate", "copy", "deflate", "copy"]);
  assert.ok(equalBytes(await rebuilt(opened), file));
});

Deno.test("a zip that was written as a stream, with data descriptors, is opened too", async () => {
  const file = vector("streamed.zip");
  const opened = await open(file);
  assert.equal(opened.recipe.steps.filter(({ kind }) => kind === "deflate").length, 3);
  assert.ok(equalBytes(await rebuilt(opened), file));
});

Deno.test("gzip members in a row are all opened", async () => {
  const file = concatBytes([vector("gnu-6.gz"), vector("zlib-6.gz"), vector("node-9.gz")]);
  const opened = await open(file);
  assert.equal(opened.recipe.steps.filter(({ kind }) => kind === "deflate").length, 3);
  assert.ok(equalBytes(await rebuilt(opened), file));
});

Deno.test("where a stream departs from its settings, the rest of it is copied", async () => {
  const half = pseudoRandomBytes(1_000_000, 5).map((byte) => byte % 20);
  const deflate = new Deflate({ gzip: true, level: 1, legacyHash: true });
  // A flush in the middle leaves a mark that no settings make.
  deflate.push(half, 2);
  deflate.push(half, true);
  const file = deflate.result;
  const opened = await open(file);
  const [, stream, rest] = opened.recipe.steps;
  assert.deepEqual([stream?.kind, rest?.kind], ["deflate", "copy"]);
  assert.ok(stream!.bytes > 0.4 * file.length && rest!.bytes > 0.4 * file.length);
  assert.ok(equalBytes(await rebuilt(opened), file));
});

Deno.test("what can't be made again, and what is no archive, is one copy", async () => {
  for (
    const file of [pseudoRandomBytes(50_000, 3), new Uint8Array(0), vector("gnu-6.gz").slice(1)]
  ) {
    const { recipe, content } = await open(file);
    assert.ok(equalBytes(content, file));
    assert.ok(recipe.steps.every(({ kind }) => kind === "copy") && recipe.steps.length <= 1);
  }
});

Deno.test("a bomb is opened no further than its bound", async () => {
  const bomb = gzip(new Uint8Array(40 * 1024 * 1024), { level: 9, legacyHash: true });
  const opened = await open(bomb);
  assert.ok(opened.content.length > 0);
  const bound = ARCHIVE_LIMITS.expansion * bomb.length + ARCHIVE_LIMITS.slackBytes;
  assert.ok(opened.content.length <= bound, `${opened.content.length} bytes of content`);
  assert.ok(equalBytes(await rebuilt(opened), bomb));
});

Deno.test("property: whatever happens to an archive, its recipe makes exactly its bytes", async () => {
  const names = ["gnu-1.gz", "zlib-6.gz", "python.zip", "streamed.zip"];
  const change = fc.record({
    name: fc.constantFrom(...names),
    at: fc.double({ min: 0, max: 0.999, noNaN: true }),
    how: fc.constantFrom("flip", "cut", "insert"),
    pieceBytes: fc.integer({ min: 1, max: 70_000 }),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ name, at, how, pieceBytes }) => {
      const good = vector(name);
      const place = Math.floor(at * good.length);
      const head = good.subarray(0, place);
      const file = how === "cut"
        ? head
        : how === "insert"
        ? concatBytes([head, Uint8Array.of(0x2a), good.subarray(place)])
        : good.map((byte, i) => i === place ? byte ^ 0x04 : byte);
      const opened = await open(file, Math.max(pieceBytes, file.length >> 10));
      assert.ok(equalBytes(await rebuilt(opened), file));
    }),
    { numRuns: 40 },
  );
});

/** A gzip member of `length` bytes that no settings make: a flush stands in its middle. */
function oddMember(length: number, seed: number): Uint8Array {
  const content = pseudoRandomBytes(length, seed).map((byte) => byte % 20);
  const deflate = new Deflate({ gzip: true });
  deflate.push(content.subarray(0, length / 2), 2);
  deflate.push(content.subarray(length / 2), true);
  return deflate.result as Uint8Array;
}

Deno.test("one budget for a whole archive: members that no settings make end the search, good ones don't reset it", async () => {
  const members: Uint8Array[] = [];
  for (let at = 0; at < 300; at++) {
    members.push(oddMember(200, at + 1), gzip(pseudoRandomBytes(64, at + 1)));
  }
  const file = concatBytes(members);
  let reads = 0;
  const archive = new OpenedArchive(pieces(file, 10_007), { now: () => reads++ && 0 });
  const content = concatBytes(await Array.fromAsync(archive.content(), (piece) => piece.slice()));
  const opened = { recipe: archive.recipe, content };
  assert.ok(equalBytes(await rebuilt(opened), file), "it is made again all the same");
  // The clock is read twice for each piece that is deflated or inflated.
  const { workSlackBytes, workPerByte } = ARCHIVE_LIMITS;
  const allowed = (workSlackBytes + workPerByte * file.length) / SETUP_WORK;
  assert.ok(reads / 2 < 2 * allowed + members.length, `${reads / 2} pieces of work`);
  const opens = opened.recipe.steps.filter(({ kind }) => kind === "deflate").length;
  assert.ok(opens > 0 && opens < 300, `${opens} members were opened before it was spent`);
});

Deno.test("an archive that deflates slowly is copied once its time is over", async () => {
  const file = concatBytes(Array.from({ length: 20 }, () => vector("zlib-6.gz")));
  let now = 0;
  const archive = new OpenedArchive(pieces(file, 10_007), { now: () => now += 500 });
  const content = concatBytes(await Array.fromAsync(archive.content(), (piece) => piece.slice()));
  const opened = { recipe: archive.recipe, content };
  assert.ok(equalBytes(await rebuilt(opened), file));
  const opens = opened.recipe.steps.filter(({ kind }) => kind === "deflate").length;
  assert.ok(opens < 20, `${opens} members`);
});

Deno.test("a cancellation arrives in the midst of a search for settings", async () => {
  const members = Array.from({ length: 200 }, (_, at) => oddMember(2000, at + 1));
  const controller = new AbortController();
  const archive = new OpenedArchive(pieces(concatBytes(members), 10_007), {
    signal: controller.signal,
  });
  const reason = new Error("the caller's reason");
  setTimeout(() => controller.abort(reason), 0);
  await assert.rejects(Array.fromAsync(archive.content()), (error) => error === reason);
});
