import { FileStore } from "../../cache/stores/fs.ts";
import { call } from "../cli/call.ts";
import { noise } from "../publish/memory_tree.ts";

/** A repository signed now, behind a static server on the loopback: for real edges. */
export class LiveRepository implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #releases = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    const store = new FileStore(`${folder}/repo`);
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      async ({ url }) => {
        const object = await store.get(new URL(url).pathname.slice(1)).catch(() => undefined);
        return object ? new Response(object.bytes) : new Response(null, { status: 404 });
      },
    );
  }

  /** One with nothing in it; `init` are more flags of `breccia init`. */
  static async create(init: readonly string[] = []): Promise<LiveRepository> {
    const folder = await Deno.makeTempDir();
    const repository = new LiveRepository(folder);
    await repository.run("init", "repo", "--app", "hello", ...init);
    await Deno.mkdir(`${folder}/dist`);
    return repository;
  }

  /** Runs a command of the publisher. */
  async run(...words: readonly string[]): Promise<void> {
    const env = { BRECCIA_REPO: "repo" };
    const { code, stderr } = await call(words, { cwd: this.#folder, env });
    if (code !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
  }

  /** Publishes a release of one file of `bytes` that compress to nothing less. */
  async release(version: string, bytes: number): Promise<void> {
    await Deno.writeFile(`${this.#folder}/dist/program`, noise(bytes, ++this.#releases));
    await this.run("add", version, "dist");
    await this.run("publish");
  }

  /** Publishes a release of these files, without deltas. */
  async releaseFiles(version: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    for (const [name, bytes] of files) await Deno.writeFile(`${this.#folder}/dist/${name}`, bytes);
    await this.run("add", version, "dist", "--deltas", "0");
    await this.run("publish");
  }

  /** The file of the release that was published last. */
  program(): Promise<Uint8Array> {
    return Deno.readFile(`${this.#folder}/dist/program`);
  }

  /** Path of the first root, as a client ships it. */
  get root(): string {
    return `${this.#folder}/repo/metadata/1.root.json`;
  }

  /** The flags of an edge that mirrors it. */
  get flags(): readonly string[] {
    const upstream = `http://127.0.0.1:${this.#server.addr.port}/`;
    return ["--upstream", upstream, "--root", this.root];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
