import process from "node:process";
import type { EdgeApp } from "../../workers/app.ts";
import { serveOnDeno } from "../../workers/deno.ts";
import { serveOnNode } from "../../workers/node.ts";
import type { ServeOptions } from "../../workers/serve_options.ts";
import { BrecciaError } from "../errors.ts";

/**
 * Serves an edge on the runtime that this is.
 *
 * @throws {BrecciaError} `usage` when Node is asked for several threads on a port.
 */
export async function serve(app: EdgeApp, options: ServeOptions): Promise<void> {
  if (process.versions["deno"] !== undefined) return await serveOnDeno(app, options);
  if (options.reusePort === true) {
    throw new BrecciaError(
      "usage",
      "Cannot serve from several threads on Node; leave --threads away, or run it with Deno",
    );
  }
  await serveOnNode(app, options);
}
