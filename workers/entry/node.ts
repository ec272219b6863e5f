/**
 * The edge on Node 22 and up.
 *
 * @module
 */

import { createAdaptorServer } from "@hono/node-server";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { EdgeApp } from "../http/app.ts";
import { hasHost, noHostResponse } from "../http/host_check.ts";
import type { ServeOptions } from "../process/serve_options.ts";

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
      // Node passes over a second host; others might not.
      const hosts = incoming.rawHeaders.filter((name, at) => at % 2 === 0 && /^host$/i.test(name));
      if (hosts.length > 1 || !hasHost(request)) {
        const response = noHostResponse();
        app.refused?.(request, response);
        return response;
      }
      const ended = () => new Promise((resolve) => outgoing.once("close", resolve));
      const exchange = { address: incoming.socket.remoteAddress ?? "", ended };
      return limits?.answer(request, exchange, app.fetch, app.refused) ?? app.fetch(request);
    },
  }) as Server;
  server.headersTimeout = HEADERS_MILLISECONDS;
  server.requestTimeout = REQUEST_MILLISECONDS;
  server.on("clientError", answerBrokenHead);
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

/** What Node can't read is answered as Deno does: with the time, and without a body. */
function answerBrokenHead(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const status = BROKEN_HEADS.get(error.code ?? "") ?? "400 Bad Request";
  const head = [
    `HTTP/1.1 ${status}`,
    `Date: ${new Date().toUTCString()}`,
    ...["Content-Length: 0", "Connection: close", "", ""],
  ];
  socket.end(head.join("\r\n"));
}

const BROKEN_HEADS: ReadonlyMap<string, string> = new Map([
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
]);
