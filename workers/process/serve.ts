import process from "node:process";
import type { EdgeApp } from "../http/app.ts";
import { serveOnDeno } from "../entry/deno.ts";
import { serveOnNode } from "../entry/node.ts";
import type { ServeOptions } from "./serve_options.ts";
import { BrecciaError } from "../../src/errors.ts";
import { listenError } from "./listen_error.ts";

/**
 * Serves an edge on the runtime that this is.
 *
 * @throws {BrecciaError} `address-unavailable` when it can't listen there; `usage` when Node is asked for several threads on a port.
 */
export async function serve(app: EdgeApp, options: ServeOptions): Promise<void> {
  const { hostname, port } = options;
  const address = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  try {
    await serveHere(app, options);
  } catch (error) {
    throw listenError(address, error);
  }
}

async function serveHere(app: EdgeApp, options: ServeOptions): Promise<void> {
  if (process.versions["deno"] !== undefined) return await serveOnDeno(app, options);
  if (options.reusePort === true) {
    throw new BrecciaError(
      "usage",
      "Cannot serve from several threads on Node; leave --threads away, or run it with Deno",
    );
  }
  await serveOnNode(app, options);
}
