import assert from "node:assert/strict";
import {
  type ChunkSeeds,
  hintedCost,
  hintedFile,
  type HintIndex,
  isWorthwhile,
} from "../../src/archive/mod.ts";
import { concatBytes, sha256 } from "../../src/bytes/mod.ts";
import { ChunkTable } from "../../src/index/mod.ts";
import { Deflater } from "../../src/archive/deflater.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";

const KiB = 1024;
const SETTINGS = { flavour: "zlib", level: 9, memLevel: 8, strategy: 0 } as const;

/** A file of one deflate stream whose content is one chunk, over and over. */
interface Repeated {
  readonly hint: HintIndex;
  readonly chunk: Uint8Array;
  readonly file: Uint8Array;
}

async function repeated(chunk: Uint8Array, times: number): Promise<Repeated> {
  const deflater = new Deflater(SETTINGS);
  const parts: Uint8Array[] = [];
  for (let i = 0; i < times; i++) parts.push(...deflater.push(chunk));
  parts.push(...deflater.finish());
  const file = concatBytes(parts);
  const hash = await sha256(chunk);
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < file.length; at += 256 * KiB) {
    blocks.push(await sha256(file.subarray(at, at + 256 * KiB)));
  }
  const contentBytes = chunk.length * times;
  const rows = Array.from({ length: times }, () => ({
    hash,
    length: chunk.length,
    pack: 0,
    packOffset: 0,
    storedLength: 1,
  }));
  const hint: HintIndex = {
    fileBytes: file.length,
    fileSha256: await sha256(file),
    blocks,
    recipe: {
      contentBytes,
      archiveBytes: file.length,
      steps: [{ kind: "deflate", settings: SETTINGS, contentBytes, bytes: file.length }],
    },
    chunks: new ChunkTable(rows, times),
    packs: [{ sha256: hash, bytes: 1 }],
  };
  return { hint, chunk, file };
}

/** The same stream, but of so many times the content. */
function liar(hint: HintIndex, times: number, fileBytes: number): HintIndex {
  const chunk = hint.chunks.at(0);
  const contentBytes = times * chunk.length;
  return {
    ...hint,
    fileBytes,
    recipe: {
      contentBytes,
      archiveBytes: fileBytes,
      steps: [{ kind: "deflate", settings: SETTINGS, contentBytes, bytes: fileBytes }],
    },
    chunks: new ChunkTable(Array.from({ length: times }, () => chunk), times),
  };
}

/** Everything is at hand; counts what is read. */
class Seeds implements ChunkSeeds {
  reads = 0;
  readonly #chunk: Uint8Array;
  constructor(chunk: Uint8Array) {
    this.#chunk = chunk;
  }
  knows(): boolean {
    return true;
  }
  read(): Promise<Uint8Array> {
    this.reads++;
    return Promise.resolve(this.#chunk);
  }
  fetch(): AsyncIterator<Uint8Array> {
    return [][Symbol.iterator]() as unknown as AsyncIterator<Uint8Array>;
  }
}

async function gather(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return concatBytes(await Array.fromAsync(stream));
}

Deno.test("a hint of 120 bytes that asks for 80 MB of deflating to save 80 kB is not followed", async () => {
  const { hint: honest, chunk } = await repeated(new Uint8Array(1024 * KiB), 1);
  const hint = liar(honest, 80, 80_000);
  const seeds = new Seeds(chunk);
  assert.equal(isWorthwhile(hint, 120, hintedCost(hint, seeds)), false);
  // Whoever follows it all the same is stopped by the same bound.
  await assert.rejects(gather(hintedFile(hint, hintedCost(hint, seeds), seeds)), {
    code: "hint-malformed",
  });
  assert.ok(seeds.reads < 10, `${seeds.reads} MiB were deflated`);
});

Deno.test("an archive of level 9 that saves most of itself is made again", async () => {
  const text = pseudoRandomBytes(128 * KiB, 7).map((byte) => byte % 60);
  const { hint, chunk, file } = await repeated(text, 8);
  const seeds = new Seeds(chunk);
  assert.equal(isWorthwhile(hint, 1000, hintedCost(hint, seeds)), true);
  const made = hintedFile(hint, hintedCost(hint, seeds), seeds, { now: () => 0 });
  assert.deepEqual(await gather(made), file);
});

Deno.test("deflating for a hint ends when the clock says that it takes longer than it saves", async () => {
  const text = pseudoRandomBytes(128 * KiB, 7).map((byte) => byte % 60);
  const { hint, chunk } = await repeated(text, 8);
  const seeds = new Seeds(chunk);
  let now = 0;
  const slow = hintedFile(hint, hintedCost(hint, seeds), seeds, { now: () => now += 500 });
  await assert.rejects(gather(slow), { code: "hint-malformed" });
  assert.ok(seeds.reads < 4, `${seeds.reads} chunks were read`);
});

Deno.test("the first block that comes out otherwise ends a hinted file, and is not passed on", async () => {
  const text = pseudoRandomBytes(512 * KiB, 7);
  const { hint, chunk } = await repeated(text, 8);
  const blocks = hint.blocks.map((block, at) => at === 1 ? block.with(0, block[0]! ^ 1) : block);
  const seeds = new Seeds(chunk);
  const passed: Uint8Array[] = [];
  await assert.rejects(
    async () => {
      for await (
        const block of hintedFile({ ...hint, blocks }, hintedCost(hint, seeds), seeds)
      ) passed.push(block);
    },
    { code: "hint-malformed" },
  );
  assert.equal(passed.length, 1);
  assert.ok(seeds.reads <= 3, `${seeds.reads} chunks were read`);
});

Deno.test("a cancellation arrives while a hinted file deflates", async () => {
  const text = pseudoRandomBytes(128 * KiB, 7).map((byte) => byte % 60);
  const { hint, chunk } = await repeated(text, 16);
  const seeds = new Seeds(chunk);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 0);
  const options = { signal: controller.signal };
  await assert.rejects(gather(hintedFile(hint, hintedCost(hint, seeds), seeds, options)), /enough/);
  assert.ok(seeds.reads < 8, `${seeds.reads} chunks were read`);
});
