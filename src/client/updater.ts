import type { Clock, Fetch, ManagedStore } from "../ports/mod.ts";
import { systemClock } from "../ports/mod.ts";
import { BrecciaError } from "../errors.ts";
import { followRedirects, HttpClient, MetadataMirrors, MirrorSet } from "../transport/mod.ts";
import { refresh } from "../tuf/mod.ts";
import { fetchIndex } from "./fetch_index.ts";
import type { InstallSession, Subscription } from "./install_session.ts";
import { KeptTrust } from "./kept_trust.ts";
import { type OfferedRelease, selectRelease } from "./release_choice.ts";
import { isInRollout } from "./rollout.ts";
import { Update } from "./update.ts";

/** What a device follows; what is left out is remembered from before, or has a default. */
export interface UpdatePolicy {
  /** Default: what is installed; at first, the only app of the channel. */
  readonly app?: string | undefined;
  /** Default `stable`. */
  readonly channel?: string | undefined;
  /** Default `any`. */
  readonly platform?: string | undefined;
  /** Exactly this version, also when it is lower than what is installed. */
  readonly version?: string | undefined;
}

/** What an {@linkcode Updater} is made of. */
export interface UpdaterOptions {
  /** The publisher's root metadata, shipped with the device: where trust starts the first time. */
  readonly root?: Uint8Array | undefined;
  /** Base URLs of mirrors; default: those remembered from before. */
  readonly mirrors?: readonly string[] | undefined;
  /** The installation on this device. */
  readonly install: InstallSession;
  /** Where trusted metadata is kept. */
  readonly cache: ManagedStore;
  /** What the device follows. */
  readonly policy?: UpdatePolicy | undefined;
  /** Default: the runtime's. */
  readonly fetch?: Fetch | undefined;
  /** Default: the runtime's. */
  readonly clock?: Clock | undefined;
}

/**
 * The client of one app on one device: checks for a signed release, plans, downloads and applies it.
 *
 * ```ts ignore
 * const updater = Updater.open({ root, mirrors: ["https://updates.example/"], install, cache });
 * const update = await updater.check();
 * if (update !== undefined) {
 *   await update.download();
 *   await update.apply();
 * }
 * ```
 */
export class Updater {
  readonly #options: UpdaterOptions;
  readonly #mirrors: MirrorSet;

  private constructor(options: UpdaterOptions, mirrors: MirrorSet) {
    this.#options = options;
    this.#mirrors = mirrors;
  }

  /**
   * Makes an updater; nothing is fetched or written.
   *
   * @throws {BrecciaError} `usage` when no mirror is given or remembered.
   */
  static open(options: UpdaterOptions): Updater {
    const urls = options.mirrors?.length
      ? options.mirrors
      : options.install.subscription?.mirrors ?? [];
    if (urls.length === 0) {
      throw new BrecciaError(
        "usage",
        "Cannot check for updates: no mirror is known; give --from URL",
      );
    }
    const send = options.fetch ?? ((request: Request) => fetch(request));
    const http = new HttpClient({ fetch: followRedirects(send, "public") });
    return new Updater(options, new MirrorSet(urls, http));
  }

  /** Requests sent and body bytes received so far. */
  get traffic(): { readonly requests: number; readonly bytes: number } {
    const { requests, bodyBytes } = this.#mirrors.http;
    return { requests, bytes: bodyBytes };
  }

  /** Hosts of mirrors whose password or query is not remembered: it is for the caller alone. */
  get unremembered(): readonly string[] {
    return this.#mirrors.mirrors.flatMap(({ url, hasSecrets }) => hasSecrets ? [url.host] : []);
  }

  /** What was refused of each mirror so far. */
  get blame(): readonly { readonly mirror: string; readonly message: string }[] {
    return this.#mirrors.mirrors.flatMap(({ url, blame }) =>
      blame.map(({ message }) => ({ mirror: url.host, message }))
    );
  }

  /**
   * The release that this device should move to, or `undefined` when it runs it already. One request
   * when nothing has changed since the last check.
   *
   * @throws {BrecciaError} the trust and network families: not knowing is never "up to date".
   */
  async check(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Update | undefined> {
    const { install, root, cache, clock = systemClock, policy } = this.#options;
    const metadata = await refresh({
      source: new MetadataMirrors(this.#mirrors),
      store: new KeptTrust(cache),
      trustedRoot: root,
      now: clock.now(),
      signal: options.signal,
    });
    const followed = this.#follow();
    const offer = await selectRelease(metadata, {
      ...followed,
      version: policy?.version,
      installed: install.current,
      isInRollout: (info) => isInRollout(info, cache),
    });
    if (offer.indexSha256 === install.current?.index) return undefined;

    const before = this.traffic.bytes;
    const fetched = await fetchIndex(offer, metadata, this.#mirrors, options.signal);
    return new Update({
      offer,
      fetched,
      indexBytes: this.traffic.bytes - before,
      session: subscribing(install, this.#subscription(offer)),
      mirrors: this.#mirrors,
    });
  }

  #follow(): { app: string | undefined; channel: string; platform: string } {
    const { policy, install: { subscription, current } } = this.#options;
    return {
      app: policy?.app ?? subscription?.app ?? current?.app,
      channel: policy?.channel ?? subscription?.channel ?? "stable",
      platform: policy?.platform ?? subscription?.platform ?? "any",
    };
  }

  #subscription(offer: OfferedRelease): Subscription {
    const { channel, platform } = this.#follow();
    const mirrors = this.#mirrors.mirrors.map(({ url }) => url.href);
    return { app: offer.info.app, channel, platform, mirrors };
  }
}

/** Remembers what the device follows once something of it is installed. */
function subscribing(session: InstallSession, subscription: Subscription): InstallSession {
  return {
    current: session.current,
    subscription,
    seeds: () => session.seeds(),
    installedIndex: () => session.installedIndex(),
    transfer: (fetched, write) => session.transfer(fetched, write),
    apply: async (signal) => {
      const release = await session.apply(signal);
      await session.subscribe(subscription);
      return release;
    },
    subscribe: (other) => session.subscribe(other),
  };
}
