import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { Response as WorkerdResponse } from "miniflare";
import { buildNodeEdge } from "../../bin/build_node_edge.ts";
import { buildWorker } from "../../bin/build_worker.ts";
import { systemClock } from "../../src/ports/mod.ts";
import { EdgeProcess } from "../faults/edge_process.ts";
import { edgeOf } from "../mirror/edge_fixture.ts";
import { NODE } from "../portable/node.ts";
import type { HttpRepository } from "./http_repository.ts";
import type { HttpSite } from "./http_suite.ts";
import { askRaw } from "./raw_http.ts";
import { startWorkerd } from "./workerd.ts";

/** A site that ends with its scope. */
type OpenSite = HttpSite & AsyncDisposable & { readonly url: string };

/** The app, asked without a socket. */
export async function appSite(repository: HttpRepository): Promise<HttpSite> {
  const { edge, app } = await edgeOf(
    { fetch: (request) => repository.fetch(request), root: () => repository.root() },
    { clock: systemClock },
  );
  await edge.refresh();
  return {
    raw: false,
    ask: async ({ target, method = "GET", headers = {}, body }) => {
      const url = new URL(target.replace(/^\//, "http://edge.test/"));
      const response = await app.fetch(
        new Request(url, { method, headers, ...(body && { body }) }),
      );
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { status: response.status, headers: response.headers, bytes };
    },
  };
}

/** A real `breccia edge` on Deno. */
export async function denoSite(
  repository: HttpRepository,
  flags: readonly string[] = [],
): Promise<OpenSite> {
  const folder = await Deno.makeTempDir();
  const edge = await EdgeProcess.start([...await edgeFlags(repository, folder), ...flags]);
  await edge.logged("generation");
  return {
    raw: true,
    url: edge.url,
    ask: (request) => askRaw(edge.url, request),
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** The bundled edge on Node. */
export async function nodeSite(
  repository: HttpRepository,
  flags: readonly string[] = [],
): Promise<OpenSite> {
  const folder = await Deno.makeTempDir();
  await buildNodeEdge(`${folder}/edge`);
  const edge = new Deno.Command(NODE, {
    args: [
      ...[`${folder}/edge/edge.mjs`, ...await edgeFlags(repository, folder), ...flags],
      ...["--listen", "127.0.0.1:0"],
    ],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const lines = createInterface(Readable.fromWeb(edge.stderr as never));
  const seen = new Map<string, string>();
  const { promise: ready, resolve, reject } = Promise.withResolvers<string>();
  lines.on("line", (line) => {
    const { event, url = "" } = JSON.parse(line);
    seen.set(event, url);
    if (seen.has("generation") && seen.has("listening")) resolve(seen.get("listening") as string);
  });
  lines.on("close", () => reject(new Error("the edge ended before it served")));
  const url = await ready;
  return {
    raw: true,
    url,
    ask: (request) => askRaw(url, request),
    async [Symbol.asyncDispose]() {
      edge.kill("SIGTERM");
      await edge.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** The bundled Worker in workerd, over a bucket that it has mirrored into. */
export async function workerdSite(repository: HttpRepository): Promise<OpenSite> {
  const folder = await Deno.makeTempDir();
  await buildWorker(folder);
  const bindings = {
    UPSTREAM: "http://origin.test/",
    TRUSTED_ROOT: new TextDecoder().decode(await repository.root()),
  };
  const workerd = startWorkerd(folder, bindings, async (request) => {
    const { status, body } = await repository.fetch(request);
    const bytes = body && new Uint8Array(await new Response(body).arrayBuffer());
    return new WorkerdResponse(bytes, { status });
  });
  const url = await workerd.ready;
  const worker = await workerd.getWorker() as unknown as {
    scheduled(event: { cron: string }): Promise<unknown>;
  };
  await worker.scheduled({ cron: "*/5 * * * *" });
  return {
    // Miniflare's own server stands in between.
    raw: false,
    url: url.href,
    ask: (request) => askRaw(url.href, request),
    async [Symbol.asyncDispose]() {
      await workerd.dispose();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function edgeFlags(repository: HttpRepository, folder: string): Promise<string[]> {
  const root = `${folder}/root.json`;
  await Deno.writeFile(root, await repository.root());
  return ["--upstream", repository.url, "--root", root, "--store", `fs:${folder}/store`];
}
