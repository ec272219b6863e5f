import assert from "node:assert/strict";
import { FileStore } from "../../cache/stores/fs.ts";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { QuotaStore } from "../../cache/stores/quota.ts";
import {
  makeChange,
  PrimaryBackedStore,
  type StoreMessage,
} from "../../workers/process/primary_backed_store.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { testStoreContract } from "../contract/store_contract.ts";
import { noise } from "../publish/memory_tree.ts";
import { EdgeProcess } from "./edge_process.ts";
import { LiveRepository } from "./live_repository.ts";

const QUOTA = 1_500_000;
const BYTES = 400_000;
const RELEASES = 6;

/** A store of a thread, led by `quota`; messages go as between threads, later and copied. */
function ledBy(quota: QuotaStore, read: MemoryStore): PrimaryBackedStore {
  const led: PrimaryBackedStore = new PrimaryBackedStore(read, (message: StoreMessage) => {
    const copy = structuredClone(message);
    if (copy.type === "used") quota.used(copy.key);
    else void makeChange(quota, copy.change).then((outcome) => led.changed(copy.id, outcome));
  });
  return led;
}

testStoreContract("quota of another thread", async () => {
  const memory = new MemoryStore();
  const quota = await QuotaStore.open(memory, { bytes: 1e9, isEvictable: () => false });
  return { store: ledBy(quota, memory), close: () => Promise.resolve() };
});

Deno.test("what a thread reads counts as used, and what it writes counts against the quota", async () => {
  const memory = new MemoryStore();
  const isEvictable = (key: string) => key.startsWith("packs/");
  const quota = await QuotaStore.open(memory, { bytes: 1000, isEvictable });
  const [one, two] = [ledBy(quota, memory), ledBy(quota, memory)];
  for (const name of ["a", "b", "c"]) await one.put(`packs/${name}`, new Uint8Array(300));
  await two.get("packs/a");
  await two.put("packs/d", new Uint8Array(300));
  const keys = (await Array.fromAsync(two.list(""))).map(({ key }) => key);
  assert.deepEqual(keys, ["packs/a", "packs/c", "packs/d"]);
  await assert.rejects(
    two.put("packs/e", new Uint8Array(1001)),
    (error) => isBrecciaError(error, "storage-full"),
  );
  assert.equal(quota.bytesHeld, 900);
});

Deno.test("edge --threads keeps one quota for all threads, and serves everything", async () => {
  await using origin = await LiveRepository.create();
  const folder = await Deno.makeTempDir();
  try {
    for (let minor = 1; minor <= RELEASES; minor++) await origin.release(`1.${minor}.0`, BYTES);
    const flags = [...origin.flags, "--store", `fs:${folder}`, "--on-demand"];
    {
      // Threads that find the metadata in the store serve from their first instant on.
      await using first = await EdgeProcess.start(flags);
      await first.logged("generation");
    }
    const quota = ["--threads", "3", "--quota", String(QUOTA)];
    await using edge = await EdgeProcess.start([...flags, ...quota]);
    const store = new FileStore(folder, { layout: "sharded" });
    for (let round = 0; round < 3; round++) {
      const minors = Array.from({ length: RELEASES }, (_, i) => i + 1);
      await Promise.all(minors.map((minor) => download(edge, minor)));
      // Between the rounds: a list is no snapshot.
      let held = 0;
      for await (const { size } of store.list("")) held += size;
      assert.ok(held <= QUOTA, `${held} bytes are held`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** On a connection of its own, which any thread may take. */
async function download(edge: EdgeProcess, minor: number): Promise<void> {
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const response = await fetch(`${edge.url}targets/hello-1.${minor}.0.tar`, { client });
  assert.equal(response.status, 200);
  const bytes = new Uint8Array(await response.arrayBuffer());
  assert.deepEqual(bytes.slice(512, 512 + BYTES), noise(BYTES, minor));
}
