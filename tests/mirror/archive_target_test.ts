import assert from "node:assert/strict";
import { gzip } from "pako";
import { equalBytes } from "../../src/bytes/mod.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";
import { bodyOf, edgeOf, PATIENT, snapshot } from "./edge_fixture.ts";
import { ForeignOrigin } from "./foreign_fixture.ts";

/** A tarball's worth of text-like bytes: each seed a file of its own. */
function content(seeds: readonly number[]): Uint8Array<ArrayBuffer> {
  const files = seeds.map((seed) => pseudoRandomBytes(100_000, seed).map((byte) => 97 + byte % 12));
  const whole = new Uint8Array(files.length * 100_000);
  for (const [i, file] of files.entries()) whole.set(file, i * 100_000);
  return whole;
}

const SEEDS = Array.from({ length: 30 }, (_, i) => i + 1);
const FIRST = gzip(content(SEEDS), { level: 6, legacyHash: true });
const SECOND = gzip(content(SEEDS.map((seed) => seed === 15 ? 99 : seed)), {
  level: 6,
  legacyHash: true,
});

async function storedBytes(store: ManagedStore): Promise<number> {
  let bytes = 0;
  for await (const { size } of store.list("packs/")) bytes += size;
  return bytes;
}

Deno.test("a .tar.gz is stored by its content and served byte for byte, whole and in ranges", async () => {
  const origin = await ForeignOrigin.create({ "app.tar.gz": FIRST });
  const { edge, store, get } = await edgeOf(origin, {}, PATIENT);
  await edge.refresh();
  assert.ok([...(await snapshot(store)).keys()].some((key) => /^targets\/.*\.hint$/.test(key)));
  const whole = await get("/targets/app.tar.gz");
  assert.equal(whole.status, 200);
  const etag = whole.headers.get("etag") as string;
  assert.ok(equalBytes(await bodyOf(whole), FIRST));
  const size = FIRST.length;
  for (const [from, to] of [[0, 0], [size - 1, size - 1], [262_143, 262_144], [700_000, 900_000]]) {
    const part = await get("/targets/app.tar.gz", { range: `bytes=${from}-${to}` });
    assert.equal(part.status, 206);
    assert.ok(equalBytes(await bodyOf(part), FIRST.subarray(from, to! + 1)), `${from}-${to}`);
  }
  const head = await get("/targets/app.tar.gz", {}, "HEAD");
  assert.equal(head.headers.get("content-length"), String(size));
  assert.equal(head.headers.get("etag"), etag);
  assert.equal((await get("/targets/app.tar.gz", { "if-none-match": etag })).status, 304);
});

Deno.test("a second version of a .tar.gz adds a few chunks to the store, also after a restart", async () => {
  for (const restarts of [false, true]) {
    const origin = await ForeignOrigin.create({ "app-1.tar.gz": FIRST });
    const first = await edgeOf(origin, {}, PATIENT);
    await first.edge.refresh();
    const before = await storedBytes(first.store);
    await origin.publish({ "app-2.tar.gz": SECOND });
    const edge = restarts ? await edgeOf(origin, { store: first.store }, PATIENT) : first;
    await edge.edge.refresh();
    const grown = await storedBytes(first.store) - before;
    assert.ok(grown > 0 && grown < 0.15 * before, `grew by ${grown} over ${before}`);
    assert.ok(equalBytes(await bodyOf(await edge.get("/targets/app-1.tar.gz")), FIRST));
    assert.ok(equalBytes(await bodyOf(await edge.get("/targets/app-2.tar.gz")), SECOND));
  }
});

Deno.test("a pack lost under two versions is brought again, and no other byte is served", async () => {
  const origin = await ForeignOrigin.create({ "app-1.tar.gz": FIRST, "app-2.tar.gz": SECOND });
  const { edge, store, get } = await edgeOf(origin, {}, PATIENT);
  await edge.refresh();
  for await (const { key } of store.list("packs/")) await store.delete(key);
  assert.ok(equalBytes(await bodyOf(await get("/targets/app-2.tar.gz")), SECOND));
  assert.ok(equalBytes(await bodyOf(await get("/targets/app-1.tar.gz")), FIRST));
});

Deno.test("an archive that is not what is signed is refused, and nothing of it is served", async () => {
  const origin = await ForeignOrigin.create({ "app.tar.gz": FIRST });
  origin.lie = (path) => path.endsWith("app.tar.gz") ? new Response(SECOND) : undefined;
  const { edge, store, get } = await edgeOf(origin, {}, PATIENT);
  await assert.rejects(edge.refresh(), { code: "target-mismatch" });
  assert.equal((await get("/targets/app.tar.gz")).status, 404);
  assert.ok(![...(await snapshot(store)).keys()].some((key) => key.endsWith(".hint")));
});
