import type { VerifiedChunk } from "../chunk/mod.ts";
import { BrecciaError } from "../errors.ts";
import { openStoredChunk, packKey, type PackRef } from "../index/mod.ts";
import { type Mirror, readAnswer } from "../transport/mod.ts";
import type { RangePlan } from "./chunk_request.ts";
import type { FetchOptions, NamedChunks } from "./transfer_options.ts";
import { unexpectedStatus } from "./unexpected_status.ts";
import { WholePack } from "./whole_pack.ts";

/** Ranges in flight at once. Each is held until its turn, so that memory is bounded by their lengths. */
const RANGES_IN_FLIGHT = 4;

/**
 * Yields the chunks of `ranges`, read from packs at one mirror, verified and in order. Several are fetched at
 * once where the mirror is known to send ranges; one after another where it may send whole packs.
 *
 * @throws {BrecciaError} see `transferChunks`.
 */
export async function* transferRanges(
  index: NamedChunks["index"],
  ranges: readonly RangePlan[],
  mirror: Mirror,
  options: FetchOptions,
): AsyncGenerator<VerifiedChunk, void, undefined> {
  const abandon = new AbortController();
  const signal = options.signal
    ? AbortSignal.any([options.signal, abandon.signal])
    : abandon.signal;
  const whole = options.whole ?? new WholePack();
  const inFlight: Promise<Uint8Array>[] = [];
  let sent = 0;
  try {
    for (const range of ranges) {
      while (
        sent < ranges.length && inFlight.length < (mirror.knowsRanges ? RANGES_IN_FLIGHT : 1)
      ) {
        const next = ranges[sent++] as RangePlan;
        const pack = index.packs[next.pack] as PackRef;
        const body = fetchRange(pack, next, mirror, { ...options, signal, whole });
        // Awaited in its turn; until then a failure must not count as unhandled.
        body.catch(() => {});
        inFlight.push(body);
      }
      const body = await (inFlight.shift() as Promise<Uint8Array>);
      for (const ordinal of range.ordinals) {
        const chunk = index.chunks.at(ordinal);
        const from = chunk.packOffset - range.offset;
        yield await openStoredChunk(body.subarray(from, from + chunk.storedLength), chunk);
      }
    }
  } finally {
    abandon.abort();
    await Promise.allSettled(inFlight);
  }
}

async function fetchRange(
  pack: PackRef,
  { offset, bytes: length }: RangePlan,
  mirror: Mirror,
  { signal, onTrouble, whole }: FetchOptions & { readonly whole: WholePack },
): Promise<Uint8Array> {
  const kept = whole.of(mirror, pack);
  if (kept !== undefined) return kept.subarray(offset, offset + length);
  const key = packKey(pack.sha256);
  const isNews = mirror.knowsRanges !== false;
  // A host that knows no ranges sends the pack from its beginning: as good, and never longer than signed.
  const answer = await mirror.send(key, {
    range: { offset, length },
    maxBytes: pack.bytes,
    ...(signal && { signal }),
  });
  if (answer.status !== 206 && answer.status !== 200) {
    await answer.cancel();
    throw unexpectedStatus(answer, mirror, key);
  }
  const body = await readAnswer(answer);
  if (answer.status === 200 && isNews && body.length > length) {
    onTrouble?.(
      `${mirror.url.host} sends whole packs where ranges are asked for: ${body.length} bytes, not ${length}`,
    );
  }
  const range = answer.status === 206 ? body : body.subarray(offset, offset + length);
  if (range.length !== length) {
    throw new BrecciaError(
      "response-truncated",
      `Cannot use ${key} from ${mirror.url.host}: ${range.length} bytes came of ${length}; try again`,
    );
  }
  if (answer.status === 200 && body.length === pack.bytes) whole.keep(mirror, pack, body);
  return range;
}
