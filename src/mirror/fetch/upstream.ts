import { BrecciaError, isBrecciaError } from "../../errors.ts";
import { silentTracer, type Tracer } from "../../ports/mod.ts";
import {
  type Failure,
  type HttpAnswer,
  type Mirror,
  type MirrorSet,
  readAnswer,
  retryAfter,
  RetryPolicy,
  type RetryPolicyOptions,
} from "../../transport/mod.ts";
import type { MetadataRequest, MetadataSource } from "../../tuf/mod.ts";

/** Where a repository's files lie below its mirrors' URLs. */
export interface UpstreamLayout {
  /** Folder of the metadata, with a slash at its end. */
  readonly metadata: string;
  /** Folder of the targets, with a slash at its end. */
  readonly targets: string;
}

/** What we publish, and most others do. */
export const PUBLISHED_LAYOUT: UpstreamLayout = { metadata: "metadata/", targets: "targets/" };

/** What may be told of an upstream beside its mirrors. */
export interface UpstreamOptions {
  /** Default {@linkcode PUBLISHED_LAYOUT}. */
  readonly layout?: UpstreamLayout | undefined;
  /** Receives a span for each fetch from each mirror. Default none. */
  readonly tracer?: Tracer | undefined;
  /** Requests that fail by what may pass are tried again. Default: they fail at once. */
  readonly patience?: RetryPolicyOptions | undefined;
}

/** The repository that an edge mirrors: a static host, or another edge. */
export class Upstream implements MetadataSource {
  readonly #mirrors: MirrorSet;
  readonly #layout: UpstreamLayout;
  readonly #tracer: Tracer;
  readonly #patience: RetryPolicy | undefined;

  /** Fetches from `mirrors`. */
  constructor(mirrors: MirrorSet, options: UpstreamOptions = {}) {
    this.#mirrors = mirrors;
    this.#layout = options.layout ?? PUBLISHED_LAYOUT;
    this.#tracer = options.tracer ?? silentTracer;
    this.#patience = options.patience && new RetryPolicy(options.patience);
  }

  /** Requests sent so far. */
  get requests(): number {
    return this.#mirrors.http.requests;
  }

  /** Body bytes received so far. */
  get bodyBytes(): number {
    return this.#mirrors.http.bodyBytes;
  }

  /** How long it asks to wait before the next request, in milliseconds. */
  get askedWait(): number {
    return this.#mirrors.askedWait;
  }

  /** The mirrors' hosts, for people. */
  get hosts(): string {
    return this.#mirrors.mirrors.map(({ url }) => url.host).join(", ");
  }

  /** The mirrors that have turned out to be edges, those with the least blame first. */
  get edges(): readonly Mirror[] {
    return this.#mirrors.inOrder().filter(({ isEdge }) => isEdge);
  }

  /** See {@linkcode MetadataSource.fetch}. */
  async fetch<T>(name: string, request: MetadataRequest<T>): Promise<T | undefined> {
    const path = this.#layout.metadata + name;
    return await this.#attempt(path, request.signal, async (mirror, failure) => {
      try {
        const answer = await this.#send(mirror, path, request, failure);
        if (answer.status === 404 || answer.status === 403) {
          await answer.cancel();
          return undefined;
        }
        await expectOk(answer, name, mirror);
        const bytes = await readAnswer(answer);
        return await this.#tracer.span(
          "breccia.verify",
          { "breccia.path": path, "breccia.bytes": bytes.length },
          () => request.accept(bytes),
        );
      } catch (error) {
        if (!isBrecciaError(error, "response-oversized")) throw error;
        throw new BrecciaError("endless-data", error.message, { cause: error });
      }
    });
  }

  /**
   * Fetches a target by its location (TUF 6.2), not percent-encoded. See {@linkcode Upstream.fetchFile}.
   */
  fetchTarget<T>(
    location: string,
    length: number,
    accept: (body: AsyncIterable<Uint8Array>) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const escaped = location.split("/").map(encodeURIComponent).join("/");
    return this.fetchFile(this.#layout.targets + escaped, length, accept, signal);
  }

  /**
   * Fetches a file of exactly `length` bytes, and returns what `accept` made of it. `accept` throws when
   * the bytes are refused: then that mirror is blamed, and the next is asked.
   *
   * @throws {BrecciaError} the refusal of `accept`; the network family; `cancelled`.
   */
  async fetchFile<T>(
    path: string,
    length: number,
    accept: (body: AsyncIterable<Uint8Array>) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return await this.#attempt(path, signal, async (mirror, failure) => {
      const answer = await this.#send(mirror, path, { maxBytes: length, signal }, failure);
      await expectOk(answer, path, mirror);
      return await accept(answer.body);
    });
  }

  /** A span for what is asked of each mirror, until its answer is accepted or refused. */
  #attempt<T>(
    path: string,
    signal: AbortSignal | undefined,
    attempt: (mirror: Mirror, failure: Failure) => Promise<T>,
  ): Promise<T> {
    const ask = (failure: Failure): Promise<T> =>
      this.#mirrors.attempt(path, (mirror) => {
        const attributes = { "breccia.path": path, "server.address": mirror.url.host };
        const act = () => attempt(mirror, failure);
        return this.#tracer.span("breccia.upstream.fetch", attributes, act);
      });
    return this.#patience?.run(ask, signal) ?? ask({ busy: () => {} });
  }

  async #send(
    mirror: Mirror,
    path: string,
    { maxBytes, signal }: { maxBytes: number; signal?: AbortSignal | undefined },
    failure: Failure,
  ): Promise<HttpAnswer> {
    const answer = await mirror.send(path, { maxBytes, ...(signal && { signal }) });
    const { status, headers } = answer;
    if (status === 429 || status === 503) failure.busy(retryAfter(status, headers));
    return answer;
  }
}

async function expectOk(answer: HttpAnswer, what: string, mirror: Mirror): Promise<void> {
  if (answer.status === 200) return;
  await answer.cancel();
  throw new BrecciaError(
    "http-status",
    `Cannot fetch ${what} from ${mirror.url.host}: it answered ${answer.status}; try again or use ` +
      `another mirror`,
  );
}
