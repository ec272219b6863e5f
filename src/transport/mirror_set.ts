import { BrecciaError, type ErrorCode, isBrecciaError } from "../errors.ts";
import type { HttpAnswer, HttpClient, HttpRequest } from "./http_client.ts";
import { RetryPolicy, type RetryPolicyOptions, type Trial } from "./retry_policy.ts";
import { withoutUrlSecrets } from "./public_url.ts";
import { retryAfter } from "./retry_after.ts";

/** The URL form of a path whose segments may hold anything; `/` separates them. */
export function escapePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** Too many requests, and what gateways say while what is behind them restarts. */
const BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** One place that serves a repository, and what it has done so far. */
export class Mirror {
  /** Its base, ending in `/`, without credentials and query: for people, and to be remembered. */
  readonly url: URL;
  /** True when its address holds what only the caller may know: credentials or a query. */
  readonly hasSecrets: boolean;
  /** Whether it answers `POST /chunks`; `undefined` until it has answered anything. */
  isEdge: boolean | undefined;
  /** Whether it sends ranges; `undefined` until one was asked for. Once false it stays so. */
  get knowsRanges(): boolean | undefined {
    return this.#knowsRanges;
  }
  /** Set when it answered that it could not serve now, though it may later; cleared by who waits for that. */
  wasBusy = false;
  /** How long its last answer asks to wait before the next request, in milliseconds. */
  askedWait = 0;
  /** What was refused or failed, newest last: blame for whoever operates it. */
  readonly failures: { readonly code: ErrorCode; readonly message: string }[] = [];
  #knowsRanges: boolean | undefined;
  readonly #http: HttpClient;
  readonly #credentials: Readonly<Record<string, string>>;
  /** `"?sv=…&sig=…"`, or nothing. */
  readonly #query: string;

  /**
   * Refuses what is no `http:` or `https:` URL with code `usage`. A user name and password in it are sent
   * as Basic credentials (RFC 7617) to this mirror alone: they are dropped where it redirects elsewhere.
   * A query, such as a shared access signature, goes with every request to this mirror, as it was typed.
   */
  constructor(url: string, http: HttpClient) {
    const parsed = URL.parse(url);
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
      throw new BrecciaError(
        "usage",
        `Cannot use ${JSON.stringify(withoutUrlSecrets(url))} as a mirror: give an http(s) URL`,
      );
    }
    this.#credentials = basicCredentials(parsed);
    this.#query = parsed.search;
    this.hasSecrets = this.#query !== "" || "authorization" in this.#credentials;
    for (const hidden of ["username", "password", "search", "hash"] as const) parsed[hidden] = "";
    if (!parsed.pathname.endsWith("/")) parsed.pathname += "/";
    this.url = parsed;
    this.#http = http;
  }

  /** Sends a request to `path` under this mirror, percent-encoded as URLs want: {@linkcode escapePath}. */
  async send(path: string, request: Omit<HttpRequest, "url">): Promise<HttpAnswer> {
    const url = new URL(path, this.url);
    if (this.#query !== "") url.search = withQuery(url.search, this.#query);
    const answer = await this.#http.send({
      ...request,
      headers: { ...request.headers, ...this.#credentials },
      url,
    });
    this.isEdge = answer.headers.get("breccia-edge") === "1";
    if (request.range !== undefined) this.#learnRanges(answer);
    // Of several answers at once a later one may be good.
    if (BUSY.has(answer.status)) this.wasBusy = true;
    this.askedWait = retryAfter(answer.status, answer.headers);
    return answer;
  }

  /** Remembers that ranges of this mirror are of no use. */
  giveUpRanges(): void {
    this.#knowsRanges = false;
  }

  #learnRanges({ status, headers }: HttpAnswer): void {
    if (status === 206) this.#knowsRanges ??= true;
    // A range that is all of a file may be answered with the file, by hosts that say they know ranges.
    else if (status === 200 && headers.get("accept-ranges") !== "bytes") this.#knowsRanges = false;
  }
}

/**
 * Several mirrors of one repository. A dead or lying mirror never blocks a good one: each attempt goes
 * from mirror to mirror, those without blame first, until one succeeds.
 */
export class MirrorSet {
  /** In the order in which they were given. */
  readonly mirrors: readonly Mirror[];
  /** The client that they share; it counts requests and bytes. */
  readonly http: HttpClient;

  /** Tries again what all mirrors failed at, where it may pass; `undefined`: nothing is. */
  readonly patience: RetryPolicy | undefined;

  /** Refuses an empty list and anything but `http(s)` URLs with code `usage`. */
  constructor(
    urls: readonly string[],
    http: HttpClient,
    options: { readonly patience?: RetryPolicyOptions | undefined } = {},
  ) {
    if (urls.length === 0) {
      throw new BrecciaError("usage", "Cannot fetch anything: no mirror was given");
    }
    this.http = http;
    this.patience = options.patience && new RetryPolicy(options.patience);
    this.mirrors = urls.map((url) => new Mirror(url, http));
  }

  /** How long all of the mirrors ask to wait, in milliseconds: the shortest of their wishes. */
  get askedWait(): number {
    return Math.min(...this.mirrors.map(({ askedWait }) => askedWait));
  }

  /** The mirror that the next attempt begins with. */
  get preferred(): Mirror {
    return this.inOrder()[0] as Mirror;
  }

  /**
   * Runs `attempt` on one mirror after another until one returns. What it throws as a
   * {@linkcode BrecciaError} is that mirror's blame, except `cancelled`, which ends the attempt.
   *
   * @throws {BrecciaError} what the only mirror threw; with several, the code that the first one threw and
   * a sentence that names each.
   */
  async attempt<T>(
    what: string,
    attempt: (mirror: Mirror) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const look = async (mirror: Mirror) => ({ value: await attempt(mirror) });
    const done = await this.find(what, look, signal);
    return (done as { value: T }).value;
  }

  /**
   * As {@linkcode MirrorSet.attempt}, for what may be absent: `look` returns `undefined` for "not
   * here", which is no blame, and the next mirror is asked. The result is `undefined` when every mirror
   * that answered said so.
   */
  async find<T>(
    what: string,
    look: (mirror: Mirror) => Promise<T | undefined>,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    const trial = this.patience?.begin();
    for (;;) {
      try {
        return await this.#findOnce(what, look);
      } catch (error) {
        if (trial === undefined) throw error;
        await this.tryAgain(trial, error, signal);
      }
    }
  }

  /**
   * Waits until what all mirrors failed at may be tried again.
   *
   * @throws What was thrown before, when it can't pass, enough was tried, or no server was ever reached: then
   * somebody is waiting to hear that the address or the network is wrong.
   */
  async tryAgain(trial: Trial, error: unknown, signal?: AbortSignal): Promise<void> {
    if (this.http.answers === 0) throw error;
    if (isBrecciaError(error, "http-status")) {
      for (const mirror of this.mirrors.filter(({ wasBusy }) => wasBusy)) {
        trial.busy(mirror.askedWait);
        mirror.wasBusy = false;
      }
    }
    await trial.again(error, signal);
  }

  async #findOnce<T>(
    what: string,
    look: (mirror: Mirror) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const failures: { mirror: Mirror; error: BrecciaError }[] = [];
    const mirrors = this.inOrder();
    for (const mirror of mirrors) {
      try {
        const found = await look(mirror);
        if (found !== undefined) return found;
      } catch (error) {
        if (!isBrecciaError(error) || error.code === "cancelled") throw error;
        mirror.failures.push({ code: error.code, message: error.message });
        failures.push({ mirror, error });
      }
    }
    if (failures.length < mirrors.length) return undefined;
    const [first] = failures as [typeof failures[number]];
    if (failures.length === 1) throw first.error;
    const each = failures.map(({ mirror, error }) => `${mirror.url.host}: ${error.message}`);
    throw new BrecciaError(
      first.error.code,
      `Cannot fetch ${what} from any of ${failures.length} mirrors (${each.join("; ")})`,
      { cause: first.error },
    );
  }

  /** The mirrors, those with the least blame first. */
  inOrder(): Mirror[] {
    return this.mirrors.toSorted((a, b) => a.failures.length - b.failures.length);
  }
}

/** Both queries, each as it is spelled: a signature may cover the spelling. */
function withQuery(own: string, given: string): string {
  return own === "" ? given : `${own}&${given.slice(1)}`;
}

function basicCredentials({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === "" && password === "") return {};
  const pair = new TextEncoder().encode(`${unescaped(username)}:${unescaped(password)}`);
  return { authorization: `Basic ${btoa(String.fromCharCode(...pair))}` };
}

/** What a part of a URL stands for; a stray `%` stands for itself. */
function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
