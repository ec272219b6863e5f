import { concatBytes } from "../bytes/mod.ts";
import { BrecciaError, isBrecciaError } from "../errors.ts";
import { TRANSPORT_LIMITS } from "../limits.ts";
import type { ByteRange, Fetch } from "../ports/mod.ts";
import type { Timers } from "./awake_timer.ts";
import { Deadline } from "./deadline.ts";
import { Pace } from "./pace.ts";
import { publicUrl, withoutUrlSecrets } from "./public_url.ts";

/** A request, with the bound on its answer. */
export interface HttpRequest {
  /** Where to. */
  readonly url: URL;
  /** Default `GET`. */
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Header fields. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What is sent. */
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Asks for one range. The answer is checked: a `206` whose `Content-Range` differs is an error. */
  readonly range?: ByteRange;
  /** The longest body that is accepted, in bytes. Stops endless data. */
  readonly maxBytes: number;
  /** Ends the exchange; it then throws `cancelled`. */
  readonly signal?: AbortSignal;
}

/** An answer whose body arrives as it is read. A body that is not read to its end must be cancelled. */
export interface HttpAnswer {
  /** HTTP status. */
  readonly status: number;
  /** Header fields. */
  readonly headers: Headers;
  /** The body, bounded by `maxBytes` and by the time between two parts. Can be read once. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the exchange without reading (the rest of) the body. */
  cancel(): Promise<void>;
}

/** How an {@linkcode HttpClient} is made. */
export interface HttpClientOptions {
  /** Sends the requests. */
  readonly fetch: Fetch;
  /** Longest wait for the headers, and between two parts of a body, in milliseconds. */
  readonly timeouts?: { readonly headers: number; readonly idle: number };
  /** Default: the runtime's. */
  readonly timers?: Timers;
  /** Sent with every request: a device's bearer token for its own mirrors, a user agent. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends requests and counts them. Errors carry the codes of the network family. */
export class HttpClient {
  /** Requests sent so far. */
  requests = 0;
  /** Requests that were answered so far, with any status. */
  answers = 0;
  /** Body bytes received so far, over all answers. */
  bodyBytes = 0;
  readonly #options: HttpClientOptions;

  /** Creates a client; it holds no connection. */
  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /**
   * Sends one request and resolves when the headers are there, whatever the status.
   *
   * @throws {BrecciaError} `offline` when no server answers, `timeout`, `cancelled`,
   * `response-oversized` when more than `maxBytes` are announced, `http-malformed` when a range answer is
   * not the range that was asked for. Reading the body can throw the same, and `response-truncated`.
   */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const { headers: headerWait, idle } = this.#options.timeouts ?? {
      headers: TRANSPORT_LIMITS.headerMilliseconds,
      idle: TRANSPORT_LIMITS.idleMilliseconds,
    };
    const deadline = new Deadline(request.url, request.signal, this.#options.timers);
    if (deadline.reason !== undefined) throw deadline.reason;
    this.requests++;
    let response: Response;
    try {
      deadline.extend(headerWait);
      response = await this.#options.fetch(toWebRequest(request, this.#options, deadline.signal));
    } catch (cause) {
      deadline.end();
      if (isBrecciaError(cause)) throw cause;
      throw deadline.reason ?? offline(request.url, cause);
    }
    this.answers++;
    const abandon = async (): Promise<void> => {
      deadline.end();
      await response.body?.cancel().catch(() => {});
    };
    const objection = answerObjection(request, response);
    if (objection !== undefined) {
      await abandon();
      throw objection;
    }
    return {
      status: response.status,
      headers: response.headers,
      body: this.#bounded(request, response, deadline, idle),
      cancel: abandon,
    };
  }

  async *#bounded(
    request: HttpRequest,
    response: Response,
    deadline: Deadline,
    idle: number,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = response.body?.getReader();
    const pace = new Pace(idle);
    let received = 0;
    let finished = false;
    try {
      while (reader !== undefined) {
        deadline.extend(idle);
        const part = await reader.read();
        const waited = deadline.pause();
        if (deadline.reason !== undefined) throw deadline.reason;
        if (part.done) break;
        if (pace.isTooSlow(part.value.length, waited)) throw trickled(request.url, received);
        received += part.value.length;
        this.bodyBytes += part.value.length;
        if (received > request.maxBytes) throw oversized(request, "more");
        yield part.value;
      }
      finished = true;
    } catch (cause) {
      if (isBrecciaError(cause)) throw cause;
      throw deadline.reason ?? truncated(request.url, received, cause);
    } finally {
      deadline.end();
      if (!finished) await reader?.cancel().catch(() => {});
    }
    const announced = Number(response.headers.get("content-length") ?? NaN);
    const encoded = response.headers.has("content-encoding");
    if (request.method !== "HEAD" && !encoded && announced > received) {
      throw truncated(request.url, received);
    }
  }
}

/** The whole body of an answer, at most the `maxBytes` of its request. */
export async function readAnswer(answer: HttpAnswer): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of answer.body) parts.push(part);
  return concatBytes(parts);
}

function toWebRequest(
  request: HttpRequest,
  options: HttpClientOptions,
  signal: AbortSignal,
): Request {
  const headers = new Headers({ ...options.headers, ...request.headers });
  // What is measured and hashed is what was published: no encoding on the way.
  headers.set("accept-encoding", "identity");
  if (request.range !== undefined) {
    const { offset, length } = request.range;
    headers.set("range", `bytes=${offset}-${offset + length - 1}`);
  }
  return new Request(request.url, {
    method: request.method ?? "GET",
    headers,
    signal,
    ...(request.body === undefined ? {} : { body: request.body }),
  });
}

/** Why an answer is refused on its headers alone. */
function answerObjection(request: HttpRequest, response: Response): BrecciaError | undefined {
  const announced = Number(response.headers.get("content-length") ?? 0);
  if (request.method !== "HEAD" && response.ok && announced > request.maxBytes) {
    return oversized(request, String(announced));
  }
  if (request.range !== undefined && response.status === 206) {
    const range = /^bytes (\d+)-(\d+)\//.exec(response.headers.get("content-range") ?? "");
    const { offset, length } = request.range;
    if (Number(range?.[1]) !== offset || Number(range?.[2]) >= offset + length) {
      return new BrecciaError(
        "http-malformed",
        `Cannot use the answer of ${
          publicUrl(request.url)
        }: bytes ${offset}+${length} were asked for, and ` +
          `"${response.headers.get("content-range") ?? ""}" was sent; use another mirror`,
      );
    }
  }
  return undefined;
}

function offline(url: URL, cause: unknown): BrecciaError {
  const why = withoutUrlSecrets(cause instanceof Error ? cause.message : String(cause));
  return new BrecciaError(
    "offline",
    `Cannot reach ${url.origin}: ${why.replaceAll(/\s+/g, " ")}; check the address and the network`,
    { cause },
  );
}

function oversized(request: HttpRequest, announced: string): BrecciaError {
  return new BrecciaError(
    "response-oversized",
    `Cannot accept the answer of ${
      publicUrl(request.url)
    }: ${announced} bytes were sent where at most ` +
      `${request.maxBytes} are right; use another mirror`,
  );
}

function trickled(url: URL, received: number): BrecciaError {
  return new BrecciaError(
    "timeout",
    `Cannot wait for ${publicUrl(url)} any longer: after ${received} bytes it sends less than ` +
      `${TRANSPORT_LIMITS.paceBytesPerSecond} bytes per second; try again or use another mirror`,
  );
}

function truncated(url: URL, received: number, cause?: unknown): BrecciaError {
  return new BrecciaError(
    "response-truncated",
    `Cannot use the answer of ${publicUrl(url)}: it broke off after ${received} bytes; try again`,
    { cause },
  );
}
