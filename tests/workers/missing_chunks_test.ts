import assert from "node:assert/strict";
import { concatBytes, sha256 } from "../../src/bytes/mod.ts";
import {
  ChunkTable,
  decodeIndex,
  encodeMissingRequest,
  MISSING_REQUEST_TYPE,
  type MissingRequest,
  openStoredChunk,
  PREFIX_BYTES,
  type ReleaseIndex,
} from "../../src/index/mod.ts";
import { findMissing } from "../../src/mirror/content/missing_chunks.ts";
import { bodyOf, edgeOf, type EdgeUnderTest, Origin } from "../mirror/edge_fixture.ts";
import { noise } from "../publish/memory_tree.ts";

interface Release {
  readonly name: Uint8Array;
  readonly index: ReleaseIndex;
}

async function twoReleases(): Promise<{ edge: EdgeUnderTest; old: Release; next: Release }> {
  const origin = await Origin.create();
  const kept = noise(500_000, 5);
  await origin.release("1.0.0", { kept, news: noise(90_000, 6) });
  await origin.release("1.1.0", { kept, news: noise(90_000, 7) });
  const edge = await edgeOf(origin);
  await edge.edge.refresh();
  const release = async (version: string): Promise<Release> => {
    const bytes = await bodyOf(await edge.get(`/targets/hello-${version}.index`));
    return { name: await sha256(bytes), index: await decodeIndex(bytes) };
  };
  return { edge, old: await release("1.0.0"), next: await release("1.1.0") };
}

async function ask({ app }: EdgeUnderTest, body: Uint8Array<ArrayBuffer>): Promise<Response> {
  const headers = { "content-type": MISSING_REQUEST_TYPE };
  return await app.fetch(new Request("http://edge.test/chunks", { method: "POST", headers, body }));
}

/** The numbers of the chunks in an answer, each verified, and where it stopped. */
async function received(response: Response, { index }: Release) {
  assert.equal(response.status, 200);
  const bytes = await bodyOf(response);
  const view = new DataView(bytes.buffer);
  const ordinals: number[] = [];
  let at = 8;
  for (let left = view.getUint32(0, true); left > 0; left--) {
    const chunk = index.chunks.at(view.getUint32(at, true));
    const length = view.getUint32(at + 4, true);
    await openStoredChunk(bytes.subarray(at + 8, at + 8 + length), chunk);
    ordinals.push(chunk.ordinal);
    at += 8 + length;
  }
  assert.equal(at, bytes.length);
  return { ordinals, next: view.getUint32(4, true) };
}

const NOTHING = { first: 0, held: [], prefixes: [] } satisfies Partial<MissingRequest>;

Deno.test("who has the release before gets what is new, by naming its index alone", async () => {
  const { edge, old, next } = await twoReleases();
  const body = encodeMissingRequest({ ...NOTHING, index: next.name, held: [old.name] });
  assert.equal(body.length, 32 + 1 + 1 + 32 + 1);
  const { ordinals, next: end } = await received(await ask(edge, body), next);
  const had = new Set([...old.index.chunks].map(({ hash }) => hash.toHex()));
  const lacking = [...next.index.chunks].filter(({ hash }) => !had.has(hash.toHex()));
  assert.deepEqual(ordinals, lacking.map(({ ordinal }) => ordinal));
  assert.ok(ordinals.length > 0 && ordinals.length < next.index.chunks.count);
  assert.equal(end, next.index.chunks.count);
});

Deno.test("who has some chunks gets the others, from where it asks on", async () => {
  const { edge, next } = await twoReleases();
  const all = [...next.index.chunks];
  const prefixes = all.filter(({ ordinal }) => ordinal % 2 === 0)
    .map(({ hash }) => hash.subarray(0, PREFIX_BYTES));
  const odd = all.map(({ ordinal }) => ordinal).filter((ordinal) => ordinal % 2 === 1);
  for (const first of [0, 3, all.length]) {
    const body = encodeMissingRequest({ index: next.name, first, held: [], prefixes });
    const { ordinals } = await received(await ask(edge, body), next);
    assert.deepEqual(ordinals, odd.filter((ordinal) => ordinal >= first));
  }
});

Deno.test("what an edge does not know of a client's releases is sent, and no error", async () => {
  const { edge, next } = await twoReleases();
  const held = [new Uint8Array(32).fill(1)];
  const body = encodeMissingRequest({ ...NOTHING, index: next.name, held });
  const { ordinals } = await received(await ask(edge, body), next);
  assert.equal(ordinals.length, next.index.chunks.count);
});

Deno.test("a malformed request for what is missing is told why in one line, an unknown release nothing", async () => {
  const { edge, next } = await twoReleases();
  const good = encodeMissingRequest({ ...NOTHING, index: next.name });
  const twice = concatBytes([good.subarray(0, 34), Uint8Array.of(2), new Uint8Array(16)]);
  const falling = concatBytes([
    ...[good.subarray(0, 34), Uint8Array.of(2), new Uint8Array(8).fill(2)],
    new Uint8Array(8).fill(1),
  ]);
  const heldTwice = encodeMissingRequest({
    ...NOTHING,
    index: next.name,
    held: [next.name, next.name],
  });
  const malformed = [
    ...[new Uint8Array(), good.subarray(0, 20), concatBytes([good, new Uint8Array(1)])],
    ...[twice, falling, heldTwice],
    ...[concatBytes([good.subarray(0, 33), Uint8Array.of(17)])],
    concatBytes([good.subarray(0, 34), Uint8Array.of(0xa1, 0x8d, 0x06)]),
  ];
  for (const body of malformed) {
    const response = await ask(edge, new Uint8Array(body));
    assert.equal(response.status, 400);
    assert.match(await response.text(), /^Cannot read the request for missing chunks: [^\n]+\n$/);
  }
  const unknown = await ask(edge, encodeMissingRequest({ ...NOTHING, index: new Uint8Array(32) }));
  assert.equal(unknown.status, 404);
  assert.equal((await bodyOf(unknown)).length, 0);
  assert.equal((await ask(edge, new Uint8Array(1024 * 1024 + 1))).status, 413);
});

Deno.test("an answer is bounded, and says where to go on; a chunk that repeats is sent once", () => {
  const chunk = (number: number) => ({
    hash: new Uint8Array(32).fill(number),
    ...{ length: 10, pack: 0, packOffset: number * 10, storedLength: 10 },
  });
  const table = new ChunkTable([1, 2, 1, 3, 4, 2, 5].map(chunk), 7);
  const none = { first: 0, prefixes: [] };
  assert.deepEqual(findMissing(table, none, [], 3), { ordinals: [0, 1, 3], next: 4 });
  const rest = { first: 4, prefixes: [] };
  assert.deepEqual(findMissing(table, rest, [], 3), { ordinals: [4, 5, 6], next: 7 });
  const beyond = { first: 2 ** 31, prefixes: [] };
  assert.deepEqual(findMissing(table, beyond, [], 3), { ordinals: [], next: 2 ** 31 });
});
