import type { SimulatedRepository } from "./repository.ts";

/** A simulated repository on loopback. */
export interface SimulatedServer extends AsyncDisposable {
  readonly metadataUrl: string;
  readonly targetsUrl: string;
  /** Paths below `/metadata/` in the order they were asked for, as they were spelled. */
  readonly requests: string[];
  /** Targets by location. */
  readonly targets: Map<string, Uint8Array>;
}

/** Serves what a repository serves, over HTTP on a free port. */
export function serveRepository(repository: SimulatedRepository): SimulatedServer {
  const requests: string[] = [];
  const targets = new Map<string, Uint8Array>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const [, folder, ...rest] = new URL(request.url).pathname.split("/");
    const name = rest.join("/");
    if (folder === "metadata") requests.push(name);
    const body = folder === "metadata"
      ? repository.served.get(name)
      : targets.get(decodeURIComponent(name));
    return body === undefined
      ? new Response("not found", { status: 404 })
      : new Response(body.slice());
  });
  const base = `http://127.0.0.1:${server.addr.port}`;
  return {
    metadataUrl: `${base}/metadata`,
    targetsUrl: `${base}/targets`,
    requests,
    targets,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
