/**
 * The edge on Node 22 and up.
 *
 * @module
 */

import { createAdaptorServer } from "@hono/node-server";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { EdgeApp } from "./app.ts";
import type { ServeOptions } from "./serve_options.ts";

/** How long the head of a request, and all of it, may take to come, in milliseconds. */
const HEADERS_MILLISECONDS = 30_000;
const REQUEST_MILLISECONDS = 60_000;

/**
 * Serves `app` until the signal; resolves when the last answer has ended. One thread only: Node's threads
 * share no port.
 */
export async function serveOnNode(app: EdgeApp, options: ServeOptions): Promise<void> {
  const { hostname, port, signal, onListen, drainMilliseconds = 10_000 } = options;
  if (signal.aborted) return;
  const { limits } = options;
  const server = createAdaptorServer({
    fetch: (request, { incoming, outgoing }) => {
      const ended = () => new Promise((resolve) => outgoing.once("close", resolve));
      const exchange = { address: incoming.socket.remoteAddress ?? "", ended };
      return limits?.answer(request, exchange, app.fetch, app.refused) ?? app.fetch(request);
    },
  }) as Server;
  server.headersTimeout = HEADERS_MILLISECONDS;
  server.requestTimeout = REQUEST_MILLISECONDS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, resolve);
  });
  onListen({ hostname, port: (server.address() as AddressInfo).port });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    signal.addEventListener("abort", () => {
      const cut = setTimeout(() => server.closeAllConnections(), drainMilliseconds);
      server.close(() => {
        clearTimeout(cut);
        resolve();
      });
      server.closeIdleConnections();
    }, { once: true });
  });
}
