import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeHint, encodeHint, type HintIndex } from "../../src/archive/mod.ts";
import { concatBytes, encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { ChunkTable } from "../../src/index/mod.ts";

/** A file of 300,000 bytes in two chunks of one pack. */
async function sample(): Promise<HintIndex> {
  const hash = await sha256(new Uint8Array(1));
  const place = { hash, pack: 0 };
  return {
    fileBytes: 300_000,
    fileSha256: hash,
    blocks: [hash, hash],
    recipe: {
      contentBytes: 300_000,
      archiveBytes: 300_000,
      steps: [{ kind: "copy", bytes: 300_000 }],
    },
    chunks: new ChunkTable([
      { ...place, length: 200_000, packOffset: 0, storedLength: 90_000 },
      { ...place, length: 100_000, packOffset: 90_000, storedLength: 100_000 },
    ], 2),
    packs: [{ sha256: hash, bytes: 190_000 }],
  };
}

/** The bytes with another sealed body. */
async function resealed(
  bytes: Uint8Array,
  change: (body: Uint8Array) => void,
): Promise<Uint8Array> {
  const body = bytes.slice(0, -32);
  change(body);
  return concatBytes([body, await sha256(body)]);
}

Deno.test("a hint index is read as it was written, and its bytes are a golden file's", async () => {
  const hint = await sample();
  const bytes = await encodeHint(hint);
  assert.equal(
    encodeHex(await sha256(bytes)),
    "70097fbdebfb1e78d6fc9b2c3178f010e3aa442264ce0cb8bf033284e2d3f675",
  );
  const read = await decodeHint(bytes);
  assert.deepEqual({ ...read, chunks: [...read.chunks] }, { ...hint, chunks: [...hint.chunks] });
});

Deno.test("decodeHint() refuses what is inconsistent, sealed or not", async () => {
  const hint = await sample();
  const good = await encodeHint(hint);
  const flipped = good.map((byte, i) => i === 40 ? byte ^ 1 : byte);
  const twins = [
    flipped,
    good.subarray(0, -1),
    concatBytes([good, new Uint8Array(1)]),
    await resealed(good, (body) => body[7] = 2),
    await resealed(good, (body) => new DataView(body.buffer).setUint32(8, 2 ** 31, true)),
    await resealed(good, (body) => new DataView(body.buffer).setUint32(12, 2 ** 31, true)),
    await encodeHint({ ...hint, fileBytes: 300_001 }),
    await encodeHint({ ...hint, blocks: [hint.fileSha256] }),
    await encodeHint({ ...hint, packs: [{ sha256: hint.fileSha256, bytes: 189_999 }] }),
    await encodeHint({ ...hint, chunks: new ChunkTable([hint.chunks.at(0)], 1) }),
  ];
  for (const [number, twin] of twins.entries()) {
    await assert.rejects(decodeHint(twin), (error) => isBrecciaError(error), `twin ${number}`);
  }
});

Deno.test("decodeHint() unpacks no more than it is allowed", async () => {
  const good = await encodeHint(await sample());
  await assert.rejects(decodeHint(good, 100), { code: "hint-malformed" });
});

Deno.test("property: decodeHint() never fails but as it says, whatever the tables hold", async () => {
  const good = await encodeHint(await sample());
  const change = fc.record({ at: fc.nat(good.length - 33), value: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(change, async ({ at, value }) => {
      const twin = await resealed(good, (body) => body[at] = value);
      await decodeHint(twin).catch((error) => assert.ok(isBrecciaError(error)));
    }),
    { numRuns: 300 },
  );
});
