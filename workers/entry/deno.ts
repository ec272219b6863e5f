/**
 * The edge on Deno.
 *
 * @module
 */

import type { Log } from "../../src/ports/mod.ts";
import type { EdgeApp } from "../http/app.ts";
import { hasHost, noHostResponse } from "../http/host_check.ts";
import type { ServeOptions } from "../process/serve_options.ts";
import { BrokenAnswer } from "../http/watched_file.ts";

/** How long to wait before connections are taken again when files had run out, in milliseconds. */
const RETRY_MILLISECONDS = 100;

/**
 * Serves `app` until the signal; resolves when the last answer has ended, or at the deadline. When the process may open no more
 * files, Deno gives up its listener: then it is opened again, on the same port, as soon as that works.
 */
export async function serveOnDeno(app: EdgeApp, options: ServeOptions): Promise<void> {
  const { hostname, reusePort = false, signal, onListen, log } = options;
  const { promise: stopped, resolve: stop } = Promise.withResolvers<"stopped">();
  if (signal.aborted) stop("stopped");
  signal.addEventListener("abort", () => stop("stopped"), { once: true });
  const { limits } = options;
  const handler: Deno.ServeHandler<Deno.NetAddr> = limits === undefined
    ? (request) => hasHost(request) ? app.fetch(request) : refuseHost(app, request)
    : (request, { remoteAddr, completed }) => {
      if (!hasHost(request)) return refuseHost(app, request);
      const exchange = { address: remoteAddr.hostname, ended: () => completed };
      return limits.answer(request, exchange, app.fetch, app.refused);
    };
  let taken: { readonly hostname: string; readonly port: number } | undefined;
  for (;;) {
    const listening = (address: { readonly hostname: string; readonly port: number }): void => {
      if (taken === undefined) onListen(address);
      taken = address;
    };
    const port = taken?.port ?? options.port;
    try {
      const onError = (error: unknown): Response => brokenAnswer(error, log);
      const settings = { hostname, port, reusePort, onListen: listening, onError };
      const server = Deno.serve(settings, handler);
      if (await Promise.race([stopped, server.finished]) !== "stopped") return;
      return await drain(server, options.drainMilliseconds ?? 10_000);
    } catch (error) {
      // A port that was ours and is in use is still held by the listener that was given up.
      const mayPass = taken !== undefined && /os error (23|24|98)\b/.test(String(error));
      if (!mayPass) throw error;
      const message =
        "Cannot take connections: this process may open no more files; raise its limit " +
        "(ulimit -n, or LimitNOFILE of systemd)";
      log?.("error", "connections refused", { message });
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const pause = new Promise((resolve) => timer = setTimeout(resolve, RETRY_MILLISECONDS));
    await Promise.race([stopped, pause]);
    clearTimeout(timer);
    if (signal.aborted) return;
  }
}

function refuseHost(app: EdgeApp, request: Request): Response {
  const response = noHostResponse();
  app.refused?.(request, response);
  return response;
}

/** Deno prints what a body breaks off with, unless it is told here. Its head has left by then. */
function brokenAnswer(error: unknown, log: Log | undefined): Response {
  if (!(error instanceof BrokenAnswer)) {
    log?.("warn", "answer broke off", { message: String(error) });
  }
  return new Response(null, { status: 503 });
}

/**
 * Waits for the answers under way, and no longer than that: a connection whose client reads nothing can't be
 * closed, and ends with the process.
 */
async function drain(server: Deno.HttpServer, wait: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise((resolve) => timer = setTimeout(resolve, wait));
  try {
    await Promise.race([server.shutdown(), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
