import assert from "node:assert/strict";
import { Updater } from "tuf-js";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { Edge, Upstream } from "../../src/mirror/mod.ts";
import { silentLog } from "../../src/ports/mod.ts";
import { HttpClient, MirrorSet } from "../../src/transport/mod.ts";
import { createApp } from "../../workers/http/app.ts";
import { noise } from "../publish/memory_tree.ts";
import { SimulatedRepository } from "../simulator/repository.ts";

interface Repository {
  readonly root: Uint8Array;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly now: number;
}

/** Mirrors `repository` with an edge on the loopback, and lets tuf-js download targets through it. */
async function downloadThroughEdge(
  repository: Repository,
  paths: readonly string[],
): Promise<Map<string, Uint8Array>> {
  const http = new HttpClient({ fetch: repository.fetch });
  const edge = await Edge.open({
    store: new MemoryStore(),
    upstream: new Upstream(new MirrorSet(["http://origin.test/"], http)),
    trustedRoot: repository.root,
    clock: { now: () => repository.now },
    log: silentLog,
  });
  await edge.refresh();
  const app = createApp({ edge, log: silentLog });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, app.fetch);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/root.json`, repository.root);
    await Deno.mkdir(`${folder}/targets`);
    const base = `http://127.0.0.1:${server.addr.port}`;
    const updater = new Updater({
      metadataDir: folder,
      metadataBaseUrl: `${base}/metadata`,
      targetDir: `${folder}/targets`,
      targetBaseUrl: `${base}/targets`,
    });
    await updater.refresh();
    const contents = new Map<string, Uint8Array>();
    for (const path of paths) {
      const target = await updater.getTargetInfo(path);
      assert.ok(target, `tuf-js finds ${path}`);
      contents.set(path, await Deno.readFile(await updater.downloadTarget(target)));
    }
    return contents;
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

/** A repository of somebody else: delegations, odd names, large and small targets. */
async function foreignRepository(
  consistent: boolean,
): Promise<Repository & { contents: ReadonlyMap<string, Uint8Array> }> {
  const repository = await SimulatedRepository.create();
  repository.root.consistentSnapshot = consistent;
  const contents = new Map<string, Uint8Array>([
    ["readme.txt", new TextEncoder().encode("hello\n")],
    ["dir/with space/ü.bin", noise(70_000, 3)],
    ["large.img", noise(17 * 1024 * 1024, 4)],
  ]);
  for (const [path, content] of contents) await repository.addTarget(path, content);
  await repository.delegate("targets", "team a/b", { scope: { paths: ["team/*"] } });
  const delegated = noise(1000, 5);
  contents.set("team/tool.zip", delegated);
  await repository.addTarget("team/tool.zip", delegated, "team a/b");
  await repository.publishRoot();
  await repository.publish();
  const served = new Map<string, Uint8Array>();
  for (const [name, bytes] of repository.served) served.set(`/metadata/${name}`, bytes);
  for (const [path, bytes] of contents) {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice())).toHex();
    const cut = path.lastIndexOf("/") + 1;
    const name = consistent ? `${path.slice(0, cut)}${hash}.${path.slice(cut)}` : path;
    served.set(`/targets/${name.split("/").map(encodeURIComponent).join("/")}`, bytes);
  }
  return {
    contents,
    root: served.get("/metadata/1.root.json") as Uint8Array,
    now: Date.now(),
    fetch: (request) => {
      const bytes = served.get(new URL(request.url).pathname);
      return Promise.resolve(
        bytes ? new Response(bytes.slice()) : new Response(null, { status: 404 }),
      );
    },
  };
}

for (const consistent of [true, false]) {
  const kind = consistent ? "with" : "without";
  Deno.test(`tuf-js downloads a delegated repository ${kind} consistent snapshots through an edge`, async () => {
    const repository = await foreignRepository(consistent);
    const paths = [...repository.contents.keys()];
    assert.deepEqual(await downloadThroughEdge(repository, paths), repository.contents);
  });
}
