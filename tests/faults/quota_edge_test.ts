import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { QuotaStore } from "../../cache/stores/quota.ts";
import { parseSize } from "../../workers/status/byte_size.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { call } from "../cli/call.ts";
import { bodyOf, edgeOf, type EdgeUnderTest, Origin } from "../mirror/edge_fixture.ts";
import { noise } from "../publish/memory_tree.ts";
import { SimulatedRepository } from "../simulator/repository.ts";

const RELEASES = [1, 2, 3, 4, 5, 6];
const QUOTA = 1_000_000;

async function releases(): Promise<Origin> {
  const origin = await Origin.create();
  for (const minor of RELEASES) {
    await origin.release(`1.${minor}.0`, { app: noise(300_000, 2 * minor + 1) });
  }
  return origin;
}

/** An edge whose store has a quota, as the command composes it. */
async function edgeWithin(origin: Pick<Origin, "fetch" | "root">, onDemand: boolean) {
  const memory = new MemoryStore();
  let edge: EdgeUnderTest | undefined = undefined as EdgeUnderTest | undefined;
  const isEvictable = (key: string) => edge?.edge.canBringAgain(key) ?? false;
  const store = await QuotaStore.open(memory, { bytes: QUOTA, isEvictable });
  edge = await edgeOf(origin, { store, onDemand });
  return { ...edge, memory };
}

Deno.test("an edge that brings content on demand stays within its quota and serves everything", async () => {
  const origin = await releases();
  const { edge, get, memory } = await edgeWithin(origin, true);
  await edge.refresh();
  for (const minor of [...RELEASES, ...RELEASES]) {
    const response = await get(`/targets/hello-1.${minor}.0.tar`);
    assert.equal(response.status, 200);
    const body = await bodyOf(response);
    assert.deepEqual(body.slice(512, 512 + 300_000), noise(300_000, 2 * minor + 1));
    assert.ok(memory.bytesHeld <= QUOTA, `${memory.bytesHeld} bytes are held`);
  }
  const gone = () => Promise.reject(new TypeError("upstream is gone"));
  const cutOff = await edgeOf({ root: () => origin.root(), fetch: gone }, {
    store: memory,
    onDemand: true,
  });
  assert.equal((await cutOff.get("/metadata/timestamp.json")).status, 200, "metadata stays");
  const last = await cutOff.get("/targets/hello-1.6.0.tar");
  assert.equal((await bodyOf(last)).length > 300_000, true, "what was used last stays");
});

Deno.test("large targets whose hints and packs come and go within a quota are served whole", async () => {
  const repository = await SimulatedRepository.create();
  const content = Array.from({ length: 5 }, (_, i) => noise(500_000, i + 40));
  const served = new Map<string, Uint8Array>();
  for (const [number, bytes] of content.entries()) {
    const { hashes } = await repository.addTarget(`t${number}.bin`, bytes);
    served.set(`/targets/${hashes.get("sha256")}.t${number}.bin`, bytes);
  }
  await repository.publishRoot();
  await repository.publish();
  for (const [name, bytes] of repository.served) served.set(`/metadata/${name}`, bytes);
  const origin = {
    root: () => Promise.resolve(served.get("/metadata/1.root.json") as Uint8Array),
    fetch: ({ url }: Request) => {
      const bytes = served.get(new URL(url).pathname) as Uint8Array<ArrayBuffer> | undefined;
      return Promise.resolve(new Response(bytes ?? null, { status: bytes ? 200 : 404 }));
    },
  };
  const { edge, get, memory } = await edgeWithin(origin, true);
  await edge.refresh();
  for (const number of [0, 1, 2, 3, 4, 0, 3, 0, 1]) {
    assert.deepEqual(await bodyOf(await get(`/targets/t${number}.bin`)), content[number]);
    const range = await get(`/targets/t${number}.bin`, { range: "bytes=300000-300099" });
    assert.deepEqual(await bodyOf(range), content[number]!.slice(300_000, 300_100));
    assert.ok(memory.bytesHeld <= QUOTA, `${memory.bytesHeld} bytes are held`);
  }
  assert.ok((await Array.fromAsync(memory.list("targets/"))).length >= 1, "hints are kept, too");
});

Deno.test("an eager edge that its quota can't hold says so, and keeps serving what it has", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(300_000, 5) });
  const { edge, get, memory } = await edgeWithin(origin, false);
  await edge.refresh();
  await origin.release("2.0.0", { app: noise(2_000_000, 7) });
  await assert.rejects(edge.refresh(), (error) => isBrecciaError(error, "storage-full"));
  assert.match(edge.status().reasons.join(), /quota of 1000000 bytes; raise --quota/);
  assert.ok(memory.bytesHeld <= QUOTA);
  assert.equal((await get("/targets/hello-1.0.0.tar")).status, 200);
});

Deno.test("a quota is a size as people write it, and nothing else", async () => {
  for (
    const [text, bytes] of [["10GB", 1e10], ["512MiB", 2 ** 29], ["1.5 tb", 1.5e12], [
      "4096",
      4096,
    ]] as const
  ) assert.equal(parseSize(text, "--quota"), bytes);
  for (const text of ["", "0", "-1", "ten", "10XB", "1e9", "999999999999999TB"]) {
    const flags = `edge --upstream http://127.0.0.1:9/ --root none --quota=${text}`.split(" ");
    assert.equal((await call(flags)).code, 2, text);
    assert.throws(() => parseSize(text, "--quota"), (error) => isBrecciaError(error, "usage"));
  }
});
