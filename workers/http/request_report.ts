import { isBrecciaError } from "../../src/errors.ts";
import { type Log, silentTracer, type Tracer } from "../../src/ports/mod.ts";
import { type Answered, logAnswer, pathOf } from "./access_log.ts";
import { amendRequestSpan } from "./request_span.ts";

/** Who is told of requests. */
export interface RequestReportOptions {
  /** Told of each request that failed. */
  readonly log: Log;
  /** Tell the log of each answer. Default false. */
  readonly accessLog?: boolean | undefined;
  /** Says in the span of each request what was answered. Default: none. */
  readonly tracer?: Tracer | undefined;
}

/** Tells log and tracer what became of requests. */
export class RequestReport {
  /** False when nobody wants to know of answers: then nothing need be made to tell. */
  readonly isWanted: boolean;
  readonly #log: Log;
  readonly #accessLog: boolean;
  readonly #tracer: Tracer;

  /** Tells those in the options. */
  constructor({ log, accessLog = false, tracer = silentTracer }: RequestReportOptions) {
    this.#log = log;
    this.#accessLog = accessLog;
    this.#tracer = tracer;
    this.isWanted = accessLog || tracer !== silentTracer;
  }

  /** Tells of an answer on this kind of route. */
  answered(route: string, answered: Answered): void {
    if (this.#accessLog) logAnswer(this.#log, answered);
    amendRequestSpan(this.#tracer, route, answered);
  }

  /** Tells that a request failed, and why, which its client does not learn. */
  failed(event: string, failed: Pick<Answered, "request" | "identity">, error: unknown): void {
    const code = isBrecciaError(error) ? error.code : "internal";
    const message = error instanceof Error ? error.message : String(error);
    const { request, identity } = failed;
    const { method } = request;
    this.#log("warn", event, { ...identity, method, path: pathOf(request), code, message });
  }
}
