import assert from "node:assert/strict";
import { gzip } from "pako";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { equalBytes } from "../../src/bytes/mod.ts";
import { BrecciaError } from "../../src/errors.ts";
import { BlockCache } from "../../src/mirror/mod.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";
import { bodyOf, edgeOf, PATIENT } from "./edge_fixture.ts";
import { ForeignOrigin } from "./foreign_fixture.ts";

const DAY = 24 * 60 * 60_000;

const TEXT = pseudoRandomBytes(2_000_000, 4).map((byte) => 97 + byte % 12);
const ARCHIVE = gzip(TEXT, { level: 6, legacyHash: true });
const BUDGET = 100_000_000;

/** A store in memory that tells how often packs were read. */
class CountingStore extends MemoryStore {
  packReads = 0;

  override get(...args: Parameters<MemoryStore["get"]>): ReturnType<MemoryStore["get"]> {
    if (args[0].startsWith("packs/")) this.packReads++;
    return super.get(...args);
  }
}

async function blocksIn(store: ManagedStore): Promise<{ key: string; size: number }[]> {
  return await Array.fromAsync(store.list("blocks/"));
}

/** An edge that has the archive, opened anew on its store. */
async function reopened(origin: ForeignOrigin, store: ManagedStore, budget = BUDGET) {
  const blocks = new BlockCache(store, budget);
  const edge = await edgeOf(origin, { store, blocks }, PATIENT);
  await edge.edge.refresh();
  const download = async (name = "app.tar.gz") => {
    const bytes = await bodyOf(await edge.get(`/targets/${name}`));
    await blocks.idle();
    return bytes;
  };
  return { ...edge, download };
}

Deno.test("an archive that was sent once is sent again without being made again, after a restart too", async () => {
  const origin = await ForeignOrigin.create({ "app.tar.gz": ARCHIVE });
  const store = new CountingStore();
  const first = await reopened(origin, store);
  assert.ok(equalBytes(await first.download(), ARCHIVE));
  const kept = await blocksIn(store);
  assert.equal(kept.reduce((sum, { size }) => sum + size, 0), ARCHIVE.length);

  const second = await reopened(origin, store);
  store.packReads = 0;
  assert.ok(equalBytes(await second.download(), ARCHIVE));
  assert.equal(store.packReads, 0);
});

Deno.test("a block that was damaged in the store is not sent: it is made again", async () => {
  const origin = await ForeignOrigin.create({ "app.tar.gz": ARCHIVE });
  const store = new CountingStore();
  await (await reopened(origin, store)).download();
  const { key } = (await blocksIn(store))[0]!;
  const good = (await store.get(key))!.bytes;
  await store.put(key, good.with(99, good[99]! ^ 1));
  const edge = await reopened(origin, store);
  assert.ok(equalBytes(await edge.download(), ARCHIVE));
  assert.deepEqual((await store.get(key))!.bytes, good);
});

Deno.test("plain content takes no place on the shelf: making it again costs nothing", async () => {
  const origin = await ForeignOrigin.create({ "app.tar.gz": TEXT });
  const store = new CountingStore();
  await (await reopened(origin, store)).download();
  assert.deepEqual(await blocksIn(store), []);
});

Deno.test("what is on the shelf stays within its budget: what was used longest ago leaves", async () => {
  const other = gzip(TEXT.toReversed(), { level: 6, legacyHash: true });
  const origin = await ForeignOrigin.create({ "app.tar.gz": ARCHIVE, "b.tar.gz": other });
  const store = new CountingStore();
  const budget = Math.round(1.5 * ARCHIVE.length);
  const edge = await reopened(origin, store, budget);
  await edge.download();
  await edge.download("b.tar.gz");
  const held = (await blocksIn(store)).reduce((sum, { size }) => sum + size, 0);
  assert.ok(held <= budget && held > budget / 2, `${held} of ${budget}`);
  const again = await reopened(origin, store, budget);
  store.packReads = 0;
  assert.ok(equalBytes(await again.download("b.tar.gz"), other));
  assert.equal(store.packReads, 0);
});

Deno.test("a store that takes no more does not keep an archive from being sent", async () => {
  const origin = await ForeignOrigin.create({ "app.tar.gz": ARCHIVE });
  const store = new CountingStore();
  const put = store.put.bind(store);
  store.put = (key, ...rest) =>
    key.startsWith("blocks/")
      ? Promise.reject(new BrecciaError("storage-full", "Cannot write: the disk is full"))
      : put(key, ...rest);
  const edge = await reopened(origin, store);
  assert.ok(equalBytes(await edge.download(), ARCHIVE));
});

Deno.test("a sweep leaves the shelf alone, and clears one that nobody has any more", async () => {
  const origin = await ForeignOrigin.create({ "app.tar.gz": ARCHIVE });
  const store = new CountingStore();
  let now = NOW;
  const clock = { now: () => now };
  const blocks = new BlockCache(store, BUDGET);
  const edge = await edgeOf(origin, { store, blocks, clock }, PATIENT);
  await edge.edge.refresh();
  await bodyOf(await edge.get("/targets/app.tar.gz"));
  await blocks.idle();
  const sweepTwice = async (swept: typeof edge) => {
    for (let pass = 0; pass < 3; pass++) {
      await swept.maintain({ grace: DAY });
      now += DAY;
    }
  };
  await sweepTwice(edge);
  assert.ok((await blocksIn(store)).length > 0);
  await sweepTwice(await edgeOf(origin, { store, clock }, PATIENT));
  assert.equal((await blocksIn(store)).length, 0);
});
