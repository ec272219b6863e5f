import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeHex } from "../../src/bytes/mod.ts";
import { loadZstd } from "../../src/codec/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { decodeIndex, encodeIndex, type ReleaseIndex } from "../../src/index/mod.ts";
import { sampleRelease } from "./sample_release.ts";

const REFUSALS = [
  "index-malformed",
  "frame-malformed",
  "frame-oversized",
  "path-unsafe",
  "path-collision",
  "link-unsafe",
] as const;

const GOLDEN = new URL("../vectors/index/sample.index", import.meta.url);

/** An index in plain data, so that two can be compared. */
function plain(index: ReleaseIndex): unknown {
  const hex = (value: unknown): unknown => value instanceof Uint8Array ? encodeHex(value) : value;
  return JSON.parse(
    JSON.stringify({ ...index, chunks: [...index.chunks] }, (_, value) => hex(value)),
  );
}

/** The same index with its tables stored plainly, so that single bytes can be changed. */
async function withPlainTables(encoded: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const view = new DataView(encoded.buffer, encoded.byteOffset);
  const tableBytes = view.getUint32(8, true);
  const tables = (await loadZstd()).decompress(encoded.subarray(16), tableBytes);
  const bytes = new Uint8Array(16 + tableBytes);
  bytes.set(encoded.subarray(0, 12));
  new DataView(bytes.buffer).setUint32(12, tableBytes, true);
  bytes.set(tables, 16);
  return bytes;
}

Deno.test("an index survives encoding, deltas and all, and encodes to the same bytes again", async () => {
  const { index } = await sampleRelease();
  const encoded = await encodeIndex(index);
  const decoded = await decodeIndex(encoded);
  assert.deepEqual(plain(decoded), plain(index));
  assert.deepEqual(await encodeIndex(decoded), encoded);
});

Deno.test("the golden index reads as it did when format 1 was fixed", async () => {
  const decoded = await decodeIndex(await Deno.readFile(GOLDEN));
  assert.deepEqual(plain(decoded), plain((await sampleRelease()).index));
});

Deno.test("the golden index cut short at any byte is refused", async () => {
  const golden = await Deno.readFile(GOLDEN);
  for (const bytes of [golden, await withPlainTables(golden)]) {
    for (let length = 0; length < bytes.length; length++) {
      await assert.rejects(
        decodeIndex(bytes.subarray(0, length)),
        (error) => isBrecciaError(error, ...REFUSALS),
        `cut at ${length}`,
      );
    }
  }
});

Deno.test("a byte too many, another format number and other magic are refused", async () => {
  const golden = await Deno.readFile(GOLDEN);
  const malformed = (error: unknown): boolean => isBrecciaError(error, "index-malformed");
  await assert.rejects(decodeIndex(new Uint8Array([...golden, 0])), malformed);
  await assert.rejects(decodeIndex(golden.with(7, 2)), malformed);
  await assert.rejects(decodeIndex(golden.with(0, 0)), malformed);
});

Deno.test("flipped bits all over the tables give our error or a consistent index, never a crash", async () => {
  const bytes = await withPlainTables(await Deno.readFile(GOLDEN));
  let refused = 0;
  for (let bit = 0; bit < bytes.length * 8; bit += 5) {
    const twin = bytes.with(bit >> 3, bytes[bit >> 3]! ^ (1 << (bit & 7)));
    try {
      const index = await decodeIndex(twin);
      assert.equal(index.chunks.streamBytes, index.streamBytes);
    } catch (error) {
      assert.ok(isBrecciaError(error, ...REFUSALS), `bit ${bit}: ${error}`);
      refused++;
    }
  }
  assert.ok(refused > 250, "most flips are noticed; the signed hash notices the rest");
});

Deno.test("arbitrary bytes as tables are refused without taking memory for their claims", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (tables) => {
      const golden = await Deno.readFile(GOLDEN);
      const bytes = new Uint8Array(16 + tables.length);
      bytes.set(golden.subarray(0, 8));
      new DataView(bytes.buffer).setUint32(8, tables.length, true);
      new DataView(bytes.buffer).setUint32(12, tables.length, true);
      bytes.set(tables, 16);
      await assert.rejects(decodeIndex(bytes), (error) => isBrecciaError(error, ...REFUSALS));
    }),
    { numRuns: 300 },
  );
});

Deno.test("tables that claim 256 MiB and more are refused before they are inflated", async () => {
  const bytes = (await Deno.readFile(GOLDEN)).slice();
  new DataView(bytes.buffer).setUint32(8, 2 ** 28 + 1, true);
  await assert.rejects(decodeIndex(bytes), (error) => isBrecciaError(error, "index-malformed"));
});
