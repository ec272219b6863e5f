import { MemoryStore } from "../../cache/stores/memory.ts";
import { CHUNK_REQUEST_TYPE, type ChunkRequest, encodeChunkRequest } from "../../src/index/mod.ts";
import {
  Edge,
  type EdgeOptions,
  type Maintenance,
  type MaintenanceOptions,
  StoreMaintenance,
  Upstream,
} from "../../src/mirror/mod.ts";
import { type ManagedStore, silentLog } from "../../src/ports/mod.ts";
import { addRelease, type KeyRing, publishRepository } from "../../src/publish/mod.ts";
import { HttpClient, MirrorSet } from "../../src/transport/mod.ts";
import { createApp, type EdgeApp } from "../../workers/http/app.ts";
import { MemoryTree } from "../publish/memory_tree.ts";
import { clock, newRepository } from "../publish/repository_fixture.ts";

/** A published repository behind a static server in memory that can be made to lie. */
export class Origin {
  readonly store: ManagedStore;
  /** Paths that were asked for, in order. */
  readonly requests: string[] = [];
  /** Answers in place of the honest one when it returns a response. */
  lie: (path: string, signal: AbortSignal) => Promise<Response | undefined> = () =>
    Promise.resolve(undefined);
  readonly #keys: KeyRing;

  private constructor(store: ManagedStore, keys: KeyRing) {
    this.store = store;
    this.#keys = keys;
  }

  /** A repository with nothing in it. */
  static async create(): Promise<Origin> {
    const { store, keys } = await newRepository();
    return new Origin(store, keys);
  }

  /** Publishes a release of these files. */
  async release(version: string, files: Record<string, string | Uint8Array>): Promise<void> {
    await addRelease(this.store, { version, tree: new MemoryTree(files) });
    await this.publish();
  }

  /** Publishes what is staged. */
  async publish(): Promise<void> {
    await publishRepository(this.store, { keys: this.#keys, clock });
  }

  /** The honest bytes under a key. */
  async bytes(key: string): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.store.get(key))?.bytes as Uint8Array<ArrayBuffer>;
  }

  /** The static server. */
  readonly fetch = async (request: Request): Promise<Response> => {
    const path = new URL(request.url).pathname.slice(1);
    this.requests.push(path);
    const lie = await this.lie(path, request.signal);
    if (lie !== undefined) return lie;
    const object = await this.store.get(path);
    return object ? new Response(object.bytes) : new Response(null, { status: 404 });
  };

  /** The first root, as a client ships it. */
  root(): Promise<Uint8Array> {
    return this.bytes("metadata/1.root.json");
  }
}

/** An edge of an origin, its store and its app. */
export interface EdgeUnderTest {
  readonly app: EdgeApp;
  readonly edge: Edge;
  readonly store: ManagedStore;
  /** Looks after its store, or the same one by another way. */
  maintain(options: MaintenanceOptions, store?: ManagedStore): Promise<Maintenance>;
  /** Asks the app. */
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Response>;
  /** Asks for chunks. */
  chunks(request: ChunkRequest): Promise<Response>;
}

/** For edges that compress archives again, which takes its time where other tests run beside it. */
export const PATIENT = { headers: 30_000, idle: 30_000 };

/** Opens an edge in front of `origin`. */
export async function edgeOf(
  origin: Pick<Origin, "fetch" | "root">,
  options: Partial<EdgeOptions> & { store?: ManagedStore } = {},
  timeouts = { headers: 300, idle: 300 },
): Promise<EdgeUnderTest> {
  const store = options.store ?? new MemoryStore();
  const http = new HttpClient({ fetch: origin.fetch, timeouts });
  const edge = await Edge.open({
    upstream: new Upstream(new MirrorSet(["http://origin.test/"], http)),
    trustedRoot: await origin.root(),
    clock,
    log: silentLog,
    ...options,
    store,
  });
  const keeperOf = (of: ManagedStore) =>
    new StoreMaintenance({
      store: of,
      edges: [edge],
      clock: options.clock ?? clock,
      log: options.log ?? silentLog,
    });
  const keeper = keeperOf(store);
  const maintain = (how: MaintenanceOptions, other?: ManagedStore) =>
    (other === undefined ? keeper : keeperOf(other)).maintain(how);
  const app = createApp({ edge, log: silentLog, clock: options.clock ?? clock });
  const get = async (path: string, headers: Record<string, string> = {}, method = "GET") =>
    await app.fetch(new Request(new URL(path, "http://edge.test/"), { headers, method }));
  const chunks = async (request: ChunkRequest) =>
    await app.fetch(
      new Request("http://edge.test/chunks", {
        method: "POST",
        headers: { "content-type": CHUNK_REQUEST_TYPE },
        body: encodeChunkRequest(request),
      }),
    );
  return { app, edge, store, maintain, get, chunks };
}

/** Every object of a store, for "nothing changed". */
export async function snapshot(store: ManagedStore): Promise<Map<string, number[]>> {
  const objects = new Map<string, number[]>();
  for await (const { key } of store.list("")) {
    objects.set(key, [...(await store.get(key))?.bytes ?? []]);
  }
  return objects;
}

/** Body of an answer. */
export async function bodyOf(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await response.arrayBuffer());
}
