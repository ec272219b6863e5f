import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import type { R2Bucket } from "../../cache/stores/r2.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { createWorker } from "../../workers/entry/cloudflare.ts";
import { Origin } from "../mirror/edge_fixture.ts";
import { noise } from "../publish/memory_tree.ts";
import { NOW } from "../publish/repository_fixture.ts";

/** A bucket that counts the calls of its binding: Cloudflare bounds them for each request. */
class CountingBucket implements R2Bucket {
  readonly store = new MemoryStore();
  calls = 0;

  async get(key: string, options?: { range?: { offset: number; length: number } }) {
    this.calls++;
    const object = await this.store.get(key, options?.range ? { range: options.range } : {});
    if (object === undefined) return null;
    const { bytes, size, etag } = object;
    return { key, size, etag, arrayBuffer: () => Promise.resolve(bytes.buffer) };
  }

  async head(key: string) {
    this.calls++;
    const object = await this.store.get(key);
    return object ? { key, size: object.size, etag: object.etag } : null;
  }

  async put(
    key: string,
    value: Uint8Array,
    options: { onlyIf?: { etagMatches?: string; etagDoesNotMatch?: string } } = {},
  ) {
    this.calls++;
    const { onlyIf } = options;
    const ifMatch = onlyIf && (onlyIf.etagMatches ?? null);
    try {
      const etag = await this.store.put(key, value, ifMatch === undefined ? {} : { ifMatch });
      return { key, size: value.length, etag };
    } catch (error) {
      if (isBrecciaError(error, "storage-conflict")) return null;
      throw error;
    }
  }

  async list({ prefix }: { prefix: string }) {
    this.calls++;
    const infos = await Array.fromAsync(this.store.list(prefix));
    return { objects: infos.map((info) => ({ ...info, etag: "" })), truncated: false };
  }

  async delete(key: string) {
    this.calls++;
    await this.store.delete(key);
  }
}

const zstd = await WebAssembly.compile(
  await Deno.readFile(
    new URL("zstd.wasm", import.meta.resolve("@bokuweb/zstd-wasm")),
  ),
);

Deno.test("a Worker makes as few calls as docs/stores.md says", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(700_000, 5) });
  const bucket = new CountingBucket();
  let now = NOW;
  const env = {
    BUCKET: bucket,
    UPSTREAM: "http://origin.test/",
    TRUSTED_ROOT: new TextDecoder().decode(await origin.root()),
    UPSTREAM_SERVICE: { fetch: origin.fetch },
  };
  const worker = createWorker(zstd, { now: () => now });
  const isolate = () => createWorker(zstd, { now: () => now });
  const counted = async (work: () => Promise<unknown>): Promise<readonly [number, number]> => {
    const before = [bucket.calls, origin.requests.length] as const;
    await work();
    return [bucket.calls - before[0], origin.requests.length - before[1]];
  };
  const ask = async (path: string, by = worker, status = 200): Promise<void> => {
    // The Cache API is Cloudflare's: an empty one here, so that every answer is made.
    const empty = { match: () => Promise.resolve(undefined), put: () => Promise.resolve() };
    const real = Object.getOwnPropertyDescriptor(globalThis, "caches") as PropertyDescriptor;
    Object.defineProperty(globalThis, "caches", { value: { default: empty }, configurable: true });
    try {
      const context = { waitUntil: () => {} };
      const request = new Request(`http://edge.test${path}`);
      const response = await by.fetch(request, env, context);
      assert.equal(response.status, status, path);
      await response.arrayBuffer();
    } finally {
      Object.defineProperty(globalThis, "caches", real);
    }
  };
  const pack = `/${(await Array.fromAsync(origin.store.list("packs/")))[0]?.key}`;
  const pass = () => worker.scheduled({}, env);

  /** Calls of R2, and requests to the upstream. */
  const measured = {
    "first release": await counted(pass),
    "nothing new": await counted(pass),
    "timestamp, new isolate": await counted(() => ask("/metadata/timestamp.json", isolate())),
    "pack, new isolate": await counted(() => ask(pack, isolate())),
    "timestamp": await counted(() => ask("/metadata/timestamp.json")),
    "timestamp again": await counted(() => ask("/metadata/timestamp.json")),
    "timestamp after 5 s": await counted(() => {
      now += 5000;
      return ask("/metadata/timestamp.json");
    }),
    "pack": await counted(() => ask(pack)),
    "archive": await counted(() => ask("/targets/hello-1.0.0.tar")),
    "nothing there": await counted(() => ask("/targets/none", worker, 404)),
  };
  assert.deepEqual(measured, {
    "first release": [27, 6],
    "nothing new": [12, 1],
    "timestamp, new isolate": [6, 0],
    "pack, new isolate": [8, 0],
    "timestamp": [6, 0],
    "timestamp again": [0, 0],
    "timestamp after 5 s": [1, 0],
    "pack": [2, 0],
    "archive": [9, 0],
    "nothing there": [0, 0],
  });
});
