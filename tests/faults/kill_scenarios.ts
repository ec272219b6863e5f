import { FileStore } from "../../cache/stores/fs.ts";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { Edge, StoreMaintenance, Upstream } from "../../src/mirror/mod.ts";
import { scrubStore } from "../../src/mirror/upkeep/scrub.ts";
import { type Fetch, silentLog, systemClock } from "../../src/ports/mod.ts";
import { HttpClient, MirrorSet } from "../../src/transport/mod.ts";
import { createApp } from "../../workers/http/app.ts";
import { call } from "../cli/call.ts";
import { noise } from "../publish/memory_tree.ts";
import { SimulatedRepository } from "../simulator/repository.ts";

const PROGRAM = new URL("../../src/cli/main.ts", import.meta.url).pathname;
const SWEEP = new URL("sweep_child.ts", import.meta.url).pathname;

/** Work that a process does on a directory, and what must hold whenever it is killed. */
export interface KillScenario {
  readonly name: string;
  /** What the directory holds before; `undefined` when it does not exist. */
  readonly template: string | undefined;
  /** Arguments of `deno run` for the work on `folder`. */
  readonly work: (folder: string) => readonly string[];
  /** Ends by itself; otherwise it serves until it is killed. */
  readonly ends: boolean;
  /** Throws unless the directory holds the state from before or the new one, whole; says which. */
  readonly check: (folder: string) => Promise<string>;
  /** Does the work to its end, in this process. */
  readonly complete: (folder: string) => Promise<void>;
  /** The state after the work. */
  readonly done: string;
}

/** Files that the scenarios work on; gone when disposed of. */
export class KillGround implements AsyncDisposable {
  readonly scenarios: readonly KillScenario[];
  readonly #folder: string;
  readonly #servers: readonly Deno.HttpServer[];

  private constructor(
    folder: string,
    servers: readonly Deno.HttpServer[],
    scenarios: readonly KillScenario[],
  ) {
    this.#folder = folder;
    this.#servers = servers;
    this.scenarios = scenarios;
  }

  /** Publishes two releases of `bytes` each, and mirrors the first. */
  static async create(bytes: number): Promise<KillGround> {
    const folder = await Deno.makeTempDir();
    const run = async (line: string): Promise<void> => {
      const { code, stderr } = await call(line.split(" "), { cwd: folder });
      if (code !== 0) throw new Error(`${line}: ${stderr}`);
    };
    await Deno.mkdir(`${folder}/dist`);
    await run("init repo --app hello");
    const release = async (version: string, seed: number): Promise<void> => {
      await Deno.writeFile(`${folder}/dist/program`, noise(bytes, seed));
      await run(`add ${version} dist --repo repo`);
      await run("publish --repo repo");
    };
    await release("1.0.0", 1);
    const ours = serveDirectory(`${folder}/repo`);
    const root = `${folder}/root.json`;
    await Deno.copyFile(`${folder}/repo/metadata/1.root.json`, root);
    const upstream = `http://127.0.0.1:${ours.addr.port}/`;
    await refreshInto(`${folder}/mirrored`, upstream, root);
    await run("publish --repo repo --to fs:uploaded");
    await release("1.1.0", 2);
    await copyDirectory(`${folder}/mirrored`, `${folder}/littered`);
    await refreshInto(`${folder}/littered`, upstream, root);
    await litter(`${folder}/littered`);

    const foreign = await serveForeign(bytes);
    const foreignUpstream = `http://127.0.0.1:${foreign.server.addr.port}/`;
    const foreignRoot = `${folder}/foreign-root.json`;
    await Deno.writeFile(foreignRoot, foreign.root);

    const mirror = (from: string, trusted: string) => (to: string): readonly string[] => [
      PROGRAM,
      ...["mirror", "--upstream", from, "--root", trusted, "--store", `fs:${to}`],
    ];
    const states = (to: string): Promise<string> => stateOf(to, root);
    return new KillGround(folder, [ours, foreign.server], [
      {
        name: "mirror",
        template: `${folder}/mirrored`,
        work: mirror(upstream, root),
        ends: true,
        check: states,
        complete: (to) => refreshInto(to, upstream, root),
        done: "1.0.0 1.1.0",
      },
      {
        name: "edge",
        template: `${folder}/mirrored`,
        work: (to) => [
          PROGRAM,
          ...["edge", "--upstream", upstream, "--root", root, "--store", `fs:${to}`],
          ...["--listen", "127.0.0.1:0"],
        ],
        ends: false,
        check: states,
        complete: (to) => refreshInto(to, upstream, root),
        done: "1.0.0 1.1.0",
      },
      {
        name: "ingest of targets in parts",
        template: undefined,
        work: mirror(foreignUpstream, foreignRoot),
        ends: true,
        check: (to) => stateOf(to, foreignRoot),
        complete: (to) => refreshInto(to, foreignUpstream, foreignRoot),
        done: `${foreign.targets} targets`,
      },
      {
        name: "sweep",
        template: `${folder}/littered`,
        work: (to) => [SWEEP, upstream, root, to],
        ends: true,
        check: states,
        complete: (to) => sweep(to, upstream, root),
        done: "1.0.0 1.1.0",
      },
      {
        name: "publish --to",
        template: `${folder}/uploaded`,
        work: (to) => [
          PROGRAM,
          ...["publish", "--repo", `${folder}/repo`, "--keys", `${folder}/repo.keys`],
          ...["--to", `fs:${to}`],
        ],
        ends: true,
        check: (to) => publishedState(to, root),
        complete: (to) => run(`publish --repo repo --to fs:${to}`),
        done: "1.0.0 1.1.0",
      },
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server.shutdown();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Copies a tree of files. */
export async function copyDirectory(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyDirectory(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

function serveDirectory(folder: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, fetchFrom(folder));
}

/** What a static server of `folder` answers. */
function fetchFrom(folder: string): Fetch {
  const store = new FileStore(folder);
  return async ({ url }) => {
    const object = await store.get(new URL(url).pathname.slice(1)).catch(() => undefined);
    return object ? new Response(object.bytes) : new Response(null, { status: 404 });
  };
}

async function serveForeign(bytes: number) {
  const repository = await SimulatedRepository.create();
  const served = new Map<string, Uint8Array<ArrayBuffer>>();
  const targets = [17 * 1024 * 1024, bytes, 1000];
  for (const [number, length] of targets.entries()) {
    const content = noise(length, number + 3) as Uint8Array<ArrayBuffer>;
    const { hashes } = await repository.addTarget(`t${number}.bin`, content);
    served.set(`/targets/${hashes.get("sha256")}.t${number}.bin`, content);
  }
  await repository.publishRoot();
  await repository.publish();
  for (const [name, content] of repository.served) {
    served.set(`/metadata/${name}`, content as Uint8Array<ArrayBuffer>);
  }
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const content = served.get(new URL(request.url).pathname);
    return content ? new Response(content) : new Response(null, { status: 404 });
  });
  return { server, root: served.get("/metadata/1.root.json")!, targets: targets.length };
}

async function openEdge(
  folder: string,
  root: string,
  fetch: Fetch,
  upstream = "http://gone.test/",
) {
  const store = new FileStore(folder);
  await store.open();
  const edge = await Edge.open({
    store,
    upstream: new Upstream(new MirrorSet([upstream], new HttpClient({ fetch }))),
    trustedRoot: await Deno.readFile(root),
    clock: systemClock,
    log: silentLog,
  });
  return { edge, store };
}

async function refreshInto(folder: string, upstream: string, root: string): Promise<void> {
  await (await openEdge(folder, root, fetch, upstream)).edge.refresh();
}

async function sweep(folder: string, upstream: string, root: string): Promise<void> {
  const { edge, store } = await openEdge(folder, root, fetch, upstream);
  await new StoreMaintenance({ store, edges: [edge], clock: systemClock, log: silentLog })
    .maintain({ grace: 0 });
}

/** Objects that nothing needs, for a sweep to remove. */
async function litter(folder: string): Promise<void> {
  const store = new FileStore(folder);
  for (let i = 0; i < 60; i++) {
    const bytes = noise(2000, i + 100) as Uint8Array<ArrayBuffer>;
    const name = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    await store.put(`packs/${name}`, bytes);
  }
}

const gone: Fetch = () => Promise.reject(new TypeError("the upstream is gone"));

/** What an edge that restarts on `folder`, cut off from its upstream, serves whole. */
async function stateOf(folder: string, root: string): Promise<string> {
  const { edge, store } = await openEdge(folder, root, gone);
  const torn = await scrubStore(store);
  if (torn.length > 0) throw new Error(`torn: ${torn.join(", ")}`);
  const { releases, targets, trouble } = edge.status();
  if (trouble !== null) throw new Error(trouble.message);
  if (edge.served === undefined) return "nothing";
  const app = createApp({ edge, log: silentLog });
  const names = releases.length > 0
    ? releases.map(({ version }) => `hello-${version}.tar`)
    : Array.from({ length: targets }, (_, i) => `t${i}.bin`);
  for (const name of names) {
    const response = await app.fetch(new Request(`http://edge.test/targets/${name}`));
    const { byteLength } = await response.arrayBuffer();
    if (response.status !== 200 || response.headers.get("content-length") !== `${byteLength}`) {
      throw new Error(`${name}: ${response.status} with ${byteLength} bytes`);
    }
  }
  if (releases.length === 0) return `${targets} targets`;
  return releases.map(({ version }) => version).sort().join(" ");
}

/** What a mirror with the first root finds published in `folder`, all of which it can fetch. */
async function publishedState(folder: string, root: string): Promise<string> {
  const edge = await Edge.open({
    store: new MemoryStore(),
    upstream: new Upstream(
      new MirrorSet(["http://origin.test/"], new HttpClient({ fetch: fetchFrom(folder) })),
    ),
    trustedRoot: await Deno.readFile(root),
    clock: systemClock,
    log: silentLog,
  });
  await edge.refresh();
  return edge.status().releases.map(({ version }) => version).sort().join(" ");
}
