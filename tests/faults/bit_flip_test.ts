import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { scrubStore } from "../../src/mirror/upkeep/scrub.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { bodyOf, edgeOf, type EdgeUnderTest } from "../mirror/edge_fixture.ts";
import { decodeFrames } from "../workers/zstd_frames.ts";
import { longTarget, type PopulatedRepository, releasesWithDelta } from "./populated_repository.ts";

const HOUR = 3_600_000;

/** SHA-256 of each answer's body, by path; a refusal is its status. */
async function answers(
  edge: EdgeUnderTest,
  paths: readonly string[],
): Promise<Map<string, string>> {
  const seen = new Map<string, string>();
  for (const path of paths) {
    for (const coding of ["identity", "zstd"]) {
      const response = await edge.get(path, { "accept-encoding": coding });
      // A stream that is cut off is a refusal, too: the client has fewer bytes than were announced.
      const body = await bodyOf(response).catch(() => undefined);
      const whole = response.status === 200 && body !== undefined;
      const isCoded = response.headers.has("content-encoding");
      const file = whole && (isCoded ? decodeFrames(body) : body);
      const answer = file ? encodeHex(await sha256(file)) : `refused ${response.status}`;
      seen.set(`${path} as ${coding}`, answer);
    }
  }
  return seen;
}

async function copyOf(store: ManagedStore): Promise<MemoryStore> {
  const copy = new MemoryStore();
  for await (const { key } of store.list("")) {
    await copy.put(key, (await store.get(key))?.bytes as Uint8Array);
  }
  return copy;
}

/** Flips one bit of the object at a share of its length. */
async function flipBit(store: ManagedStore, key: string, share: number): Promise<void> {
  const bytes = (await store.get(key))?.bytes as Uint8Array<ArrayBuffer>;
  bytes[Math.floor((bytes.length - 1) * share)]! ^= 1 << Math.round(share * 7);
  await store.put(key, bytes);
}

async function eachFlip(
  repository: PopulatedRepository,
  shares: readonly number[],
  check: (key: string, store: MemoryStore, good: ReadonlyMap<string, string>) => Promise<void>,
): Promise<ReadonlySet<string>> {
  const seed = await edgeOf(repository);
  await seed.edge.refresh();
  await seed.maintain({ grace: HOUR });
  const good = await answers(seed, repository.paths);
  for (const [path, answer] of good) assert.match(answer, /^[0-9a-f]{64}$/, path);
  const classes = new Set<string>();
  for await (const { key } of seed.store.list("")) {
    classes.add(key.replace(/\/[0-9a-f]{64}/, "/"));
    for (const share of shares) {
      const store = await copyOf(seed.store);
      await flipBit(store, key, share);
      await check(`${key} at ${share}`, store, good);
    }
  }
  return classes;
}

const gone = () => Promise.reject(new TypeError("upstream is gone"));

for (
  const [what, create, shares, expected] of [
    [
      "releases",
      releasesWithDelta,
      [0, 0.13, 0.5, 1],
      ["current", "current.0", "deltas/", "metadata/", "packs/", "sweep", "targets/"],
    ],
    [
      "a large foreign target",
      longTarget,
      [0.7],
      ["current", "current.0", "metadata/", "packs/", "sweep", "targets/.hint"],
    ],
  ] as const
) {
  Deno.test(`a bit flipped in any object of ${what} is served by no route, and mended`, async () => {
    const repository = await create();
    const classes = await eachFlip(repository, shares, async (key, store, good) => {
      const cutOff = await edgeOf({ ...repository, fetch: gone }, { store: await copyOf(store) });
      for (const [path, answer] of await answers(cutOff, repository.paths)) {
        if (answer === good.get(path)) continue;
        const refusals = cutOff.edge.served === undefined
          ? /^refused 404$/
          : /^refused (200|50[23])$/;
        assert.match(answer, refusals, `${path} without upstream, flipped ${key}`);
      }
      const edge = await edgeOf(repository, { store });
      await answers(edge, repository.paths);
      await edge.edge.refresh();
      assert.deepEqual(await answers(edge, repository.paths), good, `flipped ${key}`);
    });
    assert.deepEqual([...classes].sort(), expected, "every class of object was attacked");
  });

  Deno.test(`a scrub finds the flipped bit in any object of ${what}, and leaves it mended`, async () => {
    const repository = await create();
    await eachFlip(repository, [0.4], async (key, store, good) => {
      const { edge, maintain } = await edgeOf(repository, { store });
      await maintain({ grace: HOUR });
      assert.deepEqual(await scrubStore(store), [], key);
      const cutOff = await edgeOf({ ...repository, fetch: gone }, { store });
      if (cutOff.edge.served === undefined) await edge.refresh();
      const again = await edgeOf({ ...repository, fetch: gone }, { store });
      assert.deepEqual(await answers(again, repository.paths), good, `flipped ${key}`);
    });
  });
}
