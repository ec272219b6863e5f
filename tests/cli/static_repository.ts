import assert from "node:assert/strict";
import { call } from "./call.ts";

/** A repository that the publisher's commands made, behind a static server on loopback. */
export class StaticRepository {
  /** Where it lies. */
  readonly folder: string;
  readonly #scratch: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(scratch: string) {
    this.#scratch = scratch;
    this.folder = `${scratch}/repo`;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.answer(request),
    );
  }

  /** A new one with release 1.0.0 in it. */
  static async create(): Promise<StaticRepository> {
    const repository = new StaticRepository(await Deno.makeTempDir());
    await done("init", repository.folder, "--app", "demo");
    await repository.publish("1.0.0");
    return repository;
  }

  /** What a static server answers. */
  async answer(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname;
    const bytes = await Deno.readFile(this.folder + path).catch(() => undefined);
    return bytes ? new Response(bytes) : new Response(null, { status: 404 });
  }

  /** Where it is served. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** The root that clients ship. */
  get root(): string {
    return `${this.folder}/metadata/1.root.json`;
  }

  /** A path for what a test makes, which goes with the repository. */
  path(name: string): string {
    return `${this.#scratch}/${name}`;
  }

  /** Publishes a release of one file. */
  async publish(version: string): Promise<void> {
    await Deno.writeTextFile(this.path("app.txt"), `version ${version}`);
    await done("add", version, this.path("app.txt"), "--repo", this.folder);
    await done("publish", "--repo", this.folder);
  }

  /** Ends serving and removes everything. */
  async close(): Promise<void> {
    await this.#server.shutdown();
    await Deno.remove(this.#scratch, { recursive: true });
  }
}

async function done(...words: string[]): Promise<void> {
  const { code, stderr } = await call(words);
  assert.equal(code, 0, stderr);
}
