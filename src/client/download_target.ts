import { BrecciaError, isBrecciaError } from "../errors.ts";
import {
  type Clock,
  type Fetch,
  type FileSink,
  type ManagedStore,
  type RandomAccess,
  systemClock,
} from "../ports/mod.ts";
import {
  DEVICE_PATIENCE,
  escapePath,
  followRedirects,
  type HttpAnswer,
  HttpClient,
  MetadataMirrors,
  type Mirror,
  MirrorSet,
  type RetryPolicyOptions,
} from "../transport/mod.ts";
import { refresh, type VerifiedTarget } from "../tuf/mod.ts";
import { hintedBody } from "./hinted_body.ts";
import { deviceTime, rememberTime } from "./known_time.ts";
import { StoredMetadata } from "./kept_trust.ts";

/** What is downloaded, and from where. */
export interface TargetDownloadOptions {
  /** The publisher's root metadata: where trust starts the first time. */
  readonly root?: Uint8Array | undefined;
  /** Base URLs of mirrors, which hold `metadata/` and `targets/`. */
  readonly mirrors: readonly string[];
  /** Where trusted metadata is kept: what guards against older files the next time. */
  readonly cache: ManagedStore;
  /** Path of the target in the repository: `"app-2.tar.gz"`. */
  readonly target: string;
  /** Files at hand that may resemble it, the most alike first: an older version. They are not changed. */
  readonly seeds?: readonly RandomAccess[] | undefined;
  /** Default: the runtime's. */
  readonly fetch?: Fetch | undefined;
  /** Default: the runtime's. */
  readonly clock?: Clock | undefined;
  /** How what failed and may pass is tried again. Default: by the runtime's timers. */
  readonly patience?: RetryPolicyOptions | undefined;
  /** Ends it with `cancelled`. */
  readonly signal?: AbortSignal | undefined;
}

/** What a download took. Lengths are in bytes. */
export interface TargetDownload {
  /** Path of the target. */
  readonly target: string;
  /** Its length. */
  readonly bytes: number;
  /** Body bytes that travelled for it, metadata left out. */
  readonly transferred: number;
  /** What travelled less than a plain download would; 0 when that is nothing. */
  readonly saved: number;
  /** Whether it was made from chunks, or fetched as a whole. */
  readonly way: "chunks" | "whole";
  /** Sentences for people: why not everything went as it could have. */
  readonly reasons: readonly string[];
}

/** A download that is under way. */
interface Errand {
  readonly target: VerifiedTarget;
  readonly location: string;
  readonly mirrors: MirrorSet;
  readonly sink: FileSink;
  readonly seeds: readonly RandomAccess[];
  readonly signal: AbortSignal | undefined;
  readonly reasons: string[];
}

/**
 * Brings one target of any TUF repository into `sink`. From an edge it is made of chunks where that saves a
 * tenth: those that a file in `seeds` has, inside compressed archives too, and those that the edge sends.
 * How it is made is the edge's advice, which nobody signed; what comes out has the signed length and
 * digests, or is fetched whole. When this resolves, what the sink holds is the target.
 *
 * ```ts ignore
 * const done = await downloadTarget({ root, mirrors, cache, target: "app-2.tar.gz", seeds: [old] }, sink);
 * console.log(`${done.saved} of ${done.bytes} bytes did not travel`);
 * ```
 *
 * @throws {BrecciaError} `target-missing` when nobody vouches for it, `target-mismatch` when no mirror has
 * it as it was signed; the trust and network families; `cancelled`; what `sink` and `seeds` throw. What
 * the sink holds then is not the target.
 */
export async function downloadTarget(
  options: TargetDownloadOptions,
  sink: FileSink,
): Promise<TargetDownload> {
  const { cache, root, clock = systemClock, signal, seeds = [] } = options;
  const send = options.fetch ?? ((request: Request) => fetch(request));
  const http = new HttpClient({ fetch: followRedirects(send, "public") });
  const { patience = DEVICE_PATIENCE } = options;
  const mirrors = new MirrorSet(options.mirrors, http, { patience });
  const now = await deviceTime(cache, clock.now());
  const metadata = await refresh({
    source: new MetadataMirrors(mirrors),
    store: new StoredMetadata(cache),
    trustedRoot: root,
    now,
    signal,
  });
  await rememberTime(cache, now);
  const target = await metadata.findTarget(options.target);
  if (target === undefined) {
    throw new BrecciaError(
      "target-missing",
      `Cannot download ${
        JSON.stringify(options.target)
      }: no role of the repository lists it; check the ` +
        `name`,
    );
  }
  const before = http.bodyBytes;
  const location = metadata.locationOf(target);
  const reasons: string[] = [];
  const errand: Errand = { target, location, mirrors, sink, seeds, signal, reasons };
  const way = await makeFromChunks(errand) ? "chunks" : "whole";
  if (way === "whole") await fetchWhole(errand);
  const transferred = http.bodyBytes - before;
  const saved = Math.max(0, target.length - transferred);
  return { target: target.path, bytes: target.length, transferred, saved, way, reasons };
}

/** True when an edge's hint led to the target; whatever else it led to was dropped. */
async function makeFromChunks(errand: Errand): Promise<boolean> {
  const { target, mirrors, seeds, signal, reasons } = errand;
  const edges = mirrors.inOrder().filter(({ isEdge }) => isEdge);
  if (edges.length === 0) reasons.push("no mirror is an edge: the whole is fetched");
  for (const mirror of edges) {
    try {
      const hinted = await hintedBody(mirror, target, seeds, signal);
      if (hinted === undefined) {
        reasons.push(`by chunks of ${mirror.url.host} nothing would be saved`);
        continue;
      }
      await write(errand, hinted.body);
      return true;
    } catch (error) {
      blame(mirror, error, reasons);
    }
  }
  return false;
}

/** A hint is advice: who gave one that fails is not asked first again, and the file is fetched plainly. */
function blame(mirror: Mirror, error: unknown, reasons: string[]): void {
  if (!isBrecciaError(error) || error.code === "cancelled" || error.code.startsWith("storage-")) {
    throw error;
  }
  mirror.failures.push({ code: error.code, message: error.message });
  reasons.push(error.message);
}

async function fetchWhole(errand: Errand): Promise<void> {
  const { target, location, mirrors, signal } = errand;
  const path = `targets/${escapePath(location)}`;
  await mirrors.attempt(target.path, async (mirror) => {
    const answer = await mirror.send(path, {
      maxBytes: target.length,
      ...(signal && { signal }),
    });
    if (answer.status !== 200) {
      await answer.cancel();
      throw new BrecciaError(
        answer.status === 404 ? "target-missing" : "http-status",
        `Cannot fetch ${path} from ${mirror.url.host}: it answered ${answer.status}; use another mirror`,
      );
    }
    await write(errand, resumed(answer, mirror, path, errand));
  }, signal);
}

/** The body of `answer`; where it breaks off, the rest is asked for, as long as each answer brings some. */
async function* resumed(
  answer: HttpAnswer,
  mirror: Mirror,
  path: string,
  { target: { length }, signal }: Errand,
): AsyncGenerator<Uint8Array, void, undefined> {
  let received = 0;
  for (let body = answer.body;;) {
    const before = received;
    try {
      for await (const part of body) {
        received += part.length;
        yield part;
      }
      return;
    } catch (error) {
      const brokeOff = isBrecciaError(error, "response-truncated", "timeout");
      if (!brokeOff || received === before || received >= length) throw error;
      const range = { offset: received, length: length - received };
      const rest = await mirror.send(path, {
        range,
        maxBytes: range.length,
        ...(signal && { signal }),
      });
      if (rest.status !== 206) {
        await rest.cancel();
        throw error;
      }
      body = rest.body;
    }
  }
}

async function write({ target, sink }: Errand, body: AsyncIterable<Uint8Array>): Promise<void> {
  await sink.restart();
  for await (const bytes of target.checked(body)) await sink.write(bytes);
}
