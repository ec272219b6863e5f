import { MemoryStore } from "../../cache/stores/memory.ts";
import { StreamLayout, TreeStream } from "../../src/index/mod.ts";
import { type ManagedStore, systemClock, type TreeReader } from "../../src/ports/mod.ts";
import { addRelease, initRepository, publishRepository } from "../../src/publish/mod.ts";
import { MemoryTree, noise } from "../publish/memory_tree.ts";
import { CONFIG, keyRing, roleSigners } from "../publish/repository_fixture.ts";

/** A repository signed today, since processes have no clock but the machine's, behind a static server. */
export class HttpRepository implements AsyncDisposable {
  readonly store: ManagedStore;
  /** The archive of release 1.0.0, too long to be sent in one piece. */
  readonly archive: Uint8Array<ArrayBuffer>;
  /** What release 1.1.0 adds, short enough to be answered from memory. */
  readonly smallPack: Uint8Array<ArrayBuffer>;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(
    parts: Pick<HttpRepository, "store" | "archive" | "smallPack">,
  ) {
    this.store = parts.store;
    this.archive = parts.archive;
    this.smallPack = parts.smallPack;
    const listening = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#server = Deno.serve(listening, (request) => this.fetch(request));
  }

  /** Publishes two releases. */
  static async create(): Promise<HttpRepository> {
    const store = new MemoryStore();
    const signers = await roleSigners();
    const keys = keyRing(signers);
    const now = systemClock.now();
    await initRepository(store, { config: CONFIG, signers, thresholds: new Map(), now });
    const words = Array.from(noise(120_000, 7), (byte) => WORDS[byte % WORDS.length]).join(" ");
    const app = noise(300_000, 5);
    const first = new MemoryTree({ app, "words.txt": words });
    await addRelease(store, { version: "1.0.0", tree: first });
    await publishRepository(store, { keys, clock: systemClock });
    const before = new Set((await Array.fromAsync(store.list("packs/"))).map(({ key }) => key));
    const second = new MemoryTree({ app, "words.txt": words, "news.txt": noise(20_000, 6) });
    await addRelease(store, { version: "1.1.0", tree: second });
    await publishRepository(store, { keys, clock: systemClock });
    const packs = await Array.fromAsync(store.list("packs/"));
    const key = packs.find(({ key }) => !before.has(key))?.key as string;
    const smallPack = (await store.get(key))?.bytes as Uint8Array<ArrayBuffer>;
    return new HttpRepository({ store, archive: await streamOf(first), smallPack });
  }

  /** Where it is served on the loopback. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** A file of the repository by the name that its content goes by in URLs. */
  async read(folder: "metadata" | "targets", name: string): Promise<Uint8Array<ArrayBuffer>> {
    for await (const { key } of this.store.list(`${folder}/`)) {
      if (!key.endsWith(`/${name}`) && !key.endsWith(`.${name}`)) continue;
      return (await this.store.get(key))?.bytes as Uint8Array<ArrayBuffer>;
    }
    throw new Error(`the repository has no ${name}`);
  }

  /** Answers as the static server does. */
  async fetch({ url }: { readonly url: string }): Promise<Response> {
    const object = await this.store.get(new URL(url).pathname.slice(1));
    return object ? new Response(object.bytes) : new Response(null, { status: 404 });
  }

  /** The root that clients ship. */
  async root(): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.store.get("metadata/1.root.json"))?.bytes as Uint8Array<ArrayBuffer>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const WORDS = ["chunk", "index", "signed", "target", "edge", "delta", "pack", "seed", "mirror"];

/** The release stream of a tree. */
async function streamOf(tree: TreeReader): Promise<Uint8Array<ArrayBuffer>> {
  const layout = new StreamLayout(await Array.fromAsync(tree.entries()));
  const bytes = new Uint8Array(layout.streamBytes);
  await new TreeStream(layout, tree).read(0, bytes);
  return bytes;
}
