import { type Clock, type Log, silentLog, systemClock } from "../../src/ports/mod.ts";
import { clientOf } from "./client_address.ts";
import { CACHE_POLICY, COMMON_HEADERS } from "./headers.ts";

/** What one client address may do. */
export interface ClientLimitSettings {
  /** Requests per second in the long run; ten seconds' worth may come at once. Default: no bound. */
  readonly rate?: number | undefined;
  /** Answers under way at the same time. Default: no bound. */
  readonly answers?: number | undefined;
  /** Proxies in front, each of which adds the address that it saw to `X-Forwarded-For`. Default 0: none is believed. */
  readonly proxies?: number | undefined;
}

/** Seconds of a rate that may be used at once. */
const BURST_SECONDS = 10;

/** Addresses that are remembered, so that many of them take no memory without bound. */
const REMEMBERED = 65_536;

/** Milliseconds between two lines of the log about one client. */
const TOLD_EACH = 60_000;

interface Client {
  /** Requests that it may make now. */
  allowance: number;
  /** When that was reckoned, in milliseconds since 1970. */
  at: number;
  /** Answers under way. */
  answers: number;
  /** Since when it is refused without a line in the log, in milliseconds since 1970. */
  toldAt: number;
}

/** One request and its answer on a socket. */
export interface Exchange {
  /** Address of the socket's other end. */
  readonly address: string;
  /** Settles when the answer has left, or its connection is gone: a client that reads nothing has both. */
  readonly ended: () => Promise<unknown>;
}

/**
 * Bounds what one client address takes of an edge, counted by each thread for itself. IPv6 clients are told
 * apart by their /64, of which one customer has at least one.
 */
export class ClientLimits {
  readonly #settings: ClientLimitSettings;
  readonly #log: Log;
  readonly #clock: Clock;
  /** In order of use, the oldest first. */
  readonly #clients = new Map<string, Client>();

  /** Bounds by `settings`, or `undefined` where they bound nothing: then no request has to be looked at. */
  static from(settings: ClientLimitSettings, log: Log): ClientLimits | undefined {
    const { rate, answers } = settings;
    if (rate === undefined && answers === undefined) return undefined;
    return new ClientLimits(settings, { log });
  }

  /** Bounds by `settings`. `log` is told of a client that is refused, once in a minute. */
  constructor(
    settings: ClientLimitSettings,
    { log = silentLog, clock = systemClock }: { readonly log?: Log; readonly clock?: Clock } = {},
  ) {
    this.#settings = settings;
    this.#log = log;
    this.#clock = clock;
  }

  /** What `answer` gives, or 429 when the client asks too much: then `refused` is told. */
  async answer(
    request: Request,
    { address, ended }: Exchange,
    answer: (request: Request) => Response | Promise<Response>,
    refused: (request: Request, response: Response) => void = () => {},
  ): Promise<Response> {
    if (isMonitored(request.url)) return await answer(request);
    const { proxies = 0, answers = Infinity } = this.#settings;
    const name = clientOf(request.headers, address, proxies);
    const client = this.#clientAt(name);
    const wait = client.answers >= answers ? 1 : this.#take(client);
    if (wait > 0) {
      const response = this.#refuse(name, client, wait);
      refused(request, response);
      return response;
    }
    if (answers < Infinity) {
      client.answers++;
      const end = (): void => void client.answers--;
      ended().then(end, end);
    }
    return await answer(request);
  }

  #clientAt(name: string): Client {
    const { rate = Infinity } = this.#settings;
    const client = this.#clients.get(name) ??
      { allowance: rate * BURST_SECONDS, at: this.#clock.now(), answers: 0, toldAt: -Infinity };
    this.#clients.delete(name);
    this.#clients.set(name, client);
    if (this.#clients.size > REMEMBERED) {
      const [oldest] = this.#clients.keys();
      this.#clients.delete(oldest as string);
    }
    return client;
  }

  #refuse(name: string, client: Client, seconds: number): Response {
    const now = this.#clock.now();
    if (now - client.toldAt >= TOLD_EACH) {
      client.toldAt = now;
      this.#log("warn", "client refused", { client: name });
    }
    return refusal(seconds);
  }

  /** Takes one request of the client's allowance; else tells in how many seconds there will be one. */
  #take(client: Client): number {
    const { rate } = this.#settings;
    if (rate === undefined) return 0;
    const now = this.#clock.now();
    const gained = Math.max(0, now - client.at) / 1000 * rate;
    client.allowance = Math.min(rate * BURST_SECONDS, client.allowance + gained);
    client.at = now;
    if (client.allowance < 1) return (1 - client.allowance) / rate;
    client.allowance--;
    return 0;
  }
}

/** What supervisors and monitors ask: an edge that they can't see is taken for dead. */
function isMonitored(url: string): boolean {
  const path = url.slice(url.indexOf("/", url.indexOf("//") + 2));
  return /^\/(?:healthz|readyz|metrics)(?:\?|$)/.test(path);
}

function refusal(seconds: number): Response {
  return new Response(null, {
    status: 429,
    headers: {
      ...COMMON_HEADERS,
      "cache-control": CACHE_POLICY.never,
      "retry-after": String(Math.ceil(seconds)),
    },
  });
}
