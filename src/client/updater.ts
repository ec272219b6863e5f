import type { Clock, Fetch, ManagedStore } from "../ports/mod.ts";
import { systemClock } from "../ports/mod.ts";
import { BrecciaError } from "../errors.ts";
import {
  DEVICE_PATIENCE,
  followRedirects,
  HttpClient,
  MetadataMirrors,
  MirrorSet,
  type RetryPolicyOptions,
} from "../transport/mod.ts";
import { refresh } from "../tuf/mod.ts";
import { fetchIndex } from "./fetch_index.ts";
import type { InstalledRelease, InstallSession, Subscription } from "./install_session.ts";
import type { OfferedRelease } from "./app_releases.ts";
import { DeviceTrust } from "./device_trust.ts";
import { deviceTime, rememberTime } from "./known_time.ts";
import { selectRelease } from "./release_choice.ts";
import { checkStaged } from "./staged_check.ts";
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
  /** Exactly this version, also when it is held or the device is outside its rollout. */
  readonly version?: string | undefined;
  /** Whether a version lower than the installed one may take its place. Default false. */
  readonly allowDowngrade?: boolean | undefined;
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
  /** How what failed and may pass is tried again. Default: by the runtime's timers. */
  readonly patience?: RetryPolicyOptions | undefined;
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
  #notes: readonly string[] = [];

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
    const { patience = DEVICE_PATIENCE } = options;
    return new Updater(options, new MirrorSet(urls, http, { patience }));
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

  /** What the last check ignored or held back, and why, for people. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** What was refused of each mirror so far. */
  get failures(): readonly { readonly mirror: string; readonly message: string }[] {
    return this.#mirrors.mirrors.flatMap(({ url, failures }) =>
      failures.map(({ message }) => ({ mirror: url.host, message }))
    );
  }

  /**
   * The release that this device should move to, or `undefined` when it runs it already, or when what is
   * offered is held back, which `notes` explain. One request when nothing has changed since the last check.
   *
   * @throws {BrecciaError} the trust and network families: not knowing is never "up to date"; `clock-wrong`;
   * `version-missing`, `version-lower` and `version-required` where the policy can't be followed; `usage`
   * when the root is of another chain than the one that is trusted here.
   */
  async check(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Update | undefined> {
    const { install, root, cache, clock = systemClock, policy } = this.#options;
    const installed = install.current !== undefined;
    const trust = await DeviceTrust.open({ files: cache, root, installed });
    const now = await deviceTime(trust.files, clock.now());
    const metadata = await refresh({
      source: new MetadataMirrors(this.#mirrors),
      store: trust.store,
      trustedRoot: trust.start,
      now,
      signal: options.signal,
    });
    await trust.check();
    await rememberTime(trust.files, now);
    const { offer, notes } = await selectRelease(metadata, {
      ...this.#follow(),
      version: policy?.version,
      allowDowngrade: policy?.allowDowngrade,
      installed: install.current,
      held: install.held,
      signal: options.signal,
      isInRollout: (info) => isInRollout(info, trust.files),
    });
    this.#notes = notes;
    if (offer === undefined || offer.indexSha256 === install.current?.index) return undefined;

    const before = this.traffic.bytes;
    const fetched = await fetchIndex(offer, metadata, this.#mirrors, options.signal);
    return new Update({
      offer,
      fetched,
      indexBytes: this.traffic.bytes - before,
      session: install,
      mirrors: this.#mirrors,
      following: this.#subscription(offer),
      keepTrust: () => trust.keep(),
      checkStaged: (staged) => checkStaged(staged, cache),
    });
  }

  /**
   * Activates what an earlier `download` staged; no request is sent.
   *
   * @throws {BrecciaError} as {@linkcode Update.apply} does.
   */
  static async applyStaged(
    { install, cache, signal }: Pick<UpdaterOptions, "install" | "cache"> & {
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<InstalledRelease> {
    if (install.staged !== undefined) await checkStaged(install.staged, cache);
    return await install.apply(signal);
  }

  /**
   * Lets the release come again that a rollback left; says which that was, or `undefined` when none is held.
   *
   * @throws {BrecciaError} `locked`; the storage family.
   */
  async resume(): Promise<InstalledRelease | undefined> {
    return await this.#options.install.resume();
  }

  #follow(): {
    app: string | undefined;
    role: string | undefined;
    channel: string;
    platform: string;
  } {
    const { policy, install: { subscription, current } } = this.#options;
    const app = policy?.app ?? subscription?.app ?? current?.app;
    return {
      app,
      role: app === subscription?.app ? subscription?.role : undefined,
      channel: policy?.channel ?? subscription?.channel ?? "stable",
      platform: policy?.platform ?? subscription?.platform ?? "any",
    };
  }

  #subscription(offer: OfferedRelease): Subscription {
    const { channel, platform } = this.#follow();
    const mirrors = this.#mirrors.mirrors.map(({ url }) => url.href);
    return { app: offer.info.app, role: offer.role, channel, platform, mirrors };
  }
}
