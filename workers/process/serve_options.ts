import type { Log } from "../../src/ports/mod.ts";
import type { ClientLimits } from "../http/client_limits.ts";

/** Where and how long to serve. */
export interface ServeOptions {
  /** Name or address of the interface. */
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Lets several threads take requests on one port; default false. */
  readonly reusePort?: boolean;
  /** Ends serving: no further request is taken, and answers under way are finished. */
  readonly signal: AbortSignal;
  /** Told the address once requests are taken. */
  readonly onListen: (address: { readonly hostname: string; readonly port: number }) => void;
  /** Told when no connection can be taken for a while. */
  readonly log?: Log;
  /** What one client may do. Default: whatever it likes. */
  readonly limits?: ClientLimits | undefined;
  /** Answers that still run this long after the signal are cut off; milliseconds, default 10 s. */
  readonly drainMilliseconds?: number;
}
