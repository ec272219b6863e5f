/**
 * The edge on Deno.
 *
 * @module
 */

import type { EdgeApp } from "./app.ts";

/** Where and how long to serve. */
export interface ServeOptions {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Lets several threads take requests on one port; default false. */
  readonly reusePort?: boolean;
  /** Ends serving: no further request is taken, and answers under way are finished. */
  readonly signal: AbortSignal;
  /** Told the address once requests are taken. */
  readonly onListen: (address: { readonly hostname: string; readonly port: number }) => void;
  /** Answers that still run this long after the signal are cut off; milliseconds, default 10 s. */
  readonly drainMilliseconds?: number;
}

/** Serves `app` until the signal; resolves when the last answer has ended. */
export async function serveOnDeno(app: EdgeApp, options: ServeOptions): Promise<void> {
  const { hostname, port, reusePort = false, signal, onListen } = options;
  const { drainMilliseconds = 10_000 } = options;
  const cut = new AbortController();
  const listen = { hostname, port, reusePort, onListen, signal: cut.signal };
  const server = Deno.serve(listen, app.fetch);
  if (!signal.aborted) {
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    await Promise.race([promise, server.finished]);
  }
  const deadline = setTimeout(() => cut.abort(), drainMilliseconds);
  try {
    await server.shutdown();
  } finally {
    clearTimeout(deadline);
  }
}
