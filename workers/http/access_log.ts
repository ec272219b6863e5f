import type { Log } from "../../src/ports/mod.ts";
import type { RequestIdentity } from "./request_identity.ts";

/** A longer path is cut in the log: clients choose it. */
const PATH_CHARACTERS = 512;

/** An answer whose head is ready. */
export interface Answered {
  readonly request: Request;
  readonly identity: RequestIdentity;
  readonly status: number;
  /** Length of the body, or `undefined` of a stream of unknown length. */
  readonly bytes: number | undefined;
  /** From the request to the head of the answer. */
  readonly seconds: number;
}

/** Writes one record for an answer. Neither query nor headers nor addresses: nothing that may be secret. */
export function logAnswer(log: Log, answered: Answered): void {
  const { request, identity, status, bytes, seconds } = answered;
  log("info", "request", {
    ...identity,
    method: request.method,
    path: pathOf(request),
    status,
    bytes,
    milliseconds: Math.round(seconds * 1e6) / 1000,
  });
}

/** The path of a request as a log shows it. */
export function pathOf({ url }: Request): string {
  // Where the client names an impossible host, it is no URL.
  const pathname = URL.parse(url)?.pathname ?? "";
  return pathname.length > PATH_CHARACTERS ? `${pathname.slice(0, PATH_CHARACTERS)}…` : pathname;
}
