import assert from "node:assert/strict";
import { gzip } from "pako";
import { SeedFile } from "../../src/archive/mod.ts";
import { equalBytes } from "../../src/bytes/mod.ts";
import { type Chunk, chunkStream, DEFAULT_CHUNKING } from "../../src/chunk/mod.ts";
import { MemoryAccess } from "../../src/delta/mod.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";
import { open } from "./archive_fixture.ts";
import { zipFile } from "./zip_file.ts";

const text = (seed: number) => pseudoRandomBytes(400_000, seed).map((byte) => 97 + byte % 12);

const FILES: readonly (readonly [kind: string, bytes: Uint8Array<ArrayBuffer>])[] = [
  ["a plain file", text(1)],
  ["a .gz", gzip(text(1), { legacyHash: true })],
  ["a .gz of two members", new Uint8Array([...gzip(text(1)), ...gzip(text(2))])],
  ["a wheel", zipFile({ "a.py": text(1), "b.py": text(2), "c/d.py": text(3) })],
];

async function chunksOf(content: Uint8Array): Promise<Chunk[]> {
  return await Array.fromAsync(chunkStream([content], DEFAULT_CHUNKING));
}

for (const [kind, bytes] of FILES) {
  Deno.test(`${kind} at hand gives every chunk of its content, in any order`, async () => {
    const { content } = await open(bytes);
    const chunks = await chunksOf(content);
    const seed = await SeedFile.open(new MemoryAccess(bytes), chunks);
    for (const chunk of [...chunks, ...chunks.toReversed()]) {
      assert.ok(seed.knows(chunk.hash));
      assert.ok(equalBytes(await seed.read(chunk.hash) ?? new Uint8Array(0), chunk.bytes));
    }
  });

  Deno.test(`${kind} that changes after it was looked through gives nothing wrong`, async () => {
    const { content } = await open(bytes);
    const chunks = await chunksOf(content);
    const file = new MemoryAccess(bytes.slice());
    const seed = await SeedFile.open(file, chunks);
    file.bytes.fill(0x55, file.size >> 2);
    let lost = 0;
    for (const chunk of chunks) {
      const read = await seed.read(chunk.hash);
      if (read === undefined) lost++;
      else assert.ok(equalBytes(read, chunk.bytes));
    }
    assert.ok(lost > 0);
  });
}

Deno.test("an archive gives its own bytes, too, for edges that could not open it", async () => {
  const bytes = gzip(text(1), { level: 6 });
  const chunks = await chunksOf(bytes);
  const seed = await SeedFile.open(new MemoryAccess(bytes), chunks);
  for (const chunk of chunks) {
    assert.ok(equalBytes(await seed.read(chunk.hash) ?? new Uint8Array(0), chunk.bytes));
  }
});

Deno.test("chunks that nobody wants are not remembered", async () => {
  const bytes = text(1);
  const [first, second] = await chunksOf(bytes);
  const seed = await SeedFile.open(new MemoryAccess(bytes), [first!]);
  assert.ok(seed.knows(first!.hash));
  assert.ok(!seed.knows(second!.hash));
  assert.equal(await seed.read(second!.hash), undefined);
});

Deno.test("an archive that is wanted back and forth is not decoded over and over", async () => {
  const bytes = gzip(text(1));
  const chunks = await chunksOf((await open(bytes)).content);
  const [first, last] = [chunks[0]!, chunks.at(-1)!];
  const once = await SeedFile.open(new MemoryAccess(bytes), [first, last]);
  assert.deepEqual([once.knows(first.hash), once.knows(last.hash)], [true, true]);
  const often = Array.from({ length: 1000 }, (_, i) => i % 2 === 0 ? first : last);
  const seed = await SeedFile.open(new MemoryAccess(bytes), often);
  assert.equal(seed.knows(last.hash), false);
});
