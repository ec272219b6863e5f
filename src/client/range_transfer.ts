import type { VerifiedChunk } from "../chunk/mod.ts";
import { openStoredChunk, type PackRef } from "../index/mod.ts";
import type { Mirror } from "../transport/mod.ts";
import type { RangePlan } from "./chunk_request.ts";
import { rangeBytes } from "./range_bytes.ts";
import type { FetchOptions, NamedChunks } from "./transfer_options.ts";
import { WholePack } from "./whole_pack.ts";

/** Ranges in flight at once. Each is held until its turn, so that memory is bounded by their lengths. */
const RANGES_IN_FLIGHT = 4;

/**
 * Yields the chunks of `ranges`, read from packs at one mirror, verified and in order. Several are fetched at
 * once where the mirror is known to send ranges; one after another where it may turn out not to.
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
        const span = { offset: next.offset, length: next.bytes };
        const body = rangeBytes(pack, span, mirror, { signal, whole });
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
