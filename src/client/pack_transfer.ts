import type { VerifiedChunk } from "../chunk/mod.ts";
import { BrecciaError } from "../errors.ts";
import { openStoredChunk, packKey, type PackRef } from "../index/mod.ts";
import { type Mirror, readAnswer } from "../transport/mod.ts";
import type { PackPlan } from "./pack_plan.ts";
import type { FetchOptions, NamedChunks } from "./transfer_options.ts";
import { unexpectedStatus } from "./unexpected_status.ts";
import { WholePack } from "./whole_pack.ts";

/**
 * Yields the chunks of `plans`, which are whole packs at one mirror, verified and in stream order.
 *
 * @throws {BrecciaError} see `transferChunks`.
 */
export async function* transferPacks(
  index: NamedChunks["index"],
  plans: readonly PackPlan[],
  mirror: Mirror,
  options: FetchOptions,
): AsyncGenerator<VerifiedChunk, void, undefined> {
  const pending = [...plans];
  const kept = new Map<number, Uint8Array>();
  const whole = options.whole ?? new WholePack();
  for (const ordinal of plans.flatMap((plan) => plan.ordinals).sort((a, b) => a - b)) {
    if (!kept.has(ordinal)) {
      const plan = pending.shift() as PackPlan;
      const bytes = await fetchPack(
        index.packs[plan.pack] as PackRef,
        mirror,
        whole,
        options.signal,
      );
      for (const taken of plan.ordinals) {
        const { packOffset, storedLength } = index.chunks.at(taken);
        kept.set(taken, bytes.slice(packOffset, packOffset + storedLength));
      }
    }
    const stored = kept.get(ordinal) as Uint8Array;
    kept.delete(ordinal);
    yield await openStoredChunk(stored, index.chunks.at(ordinal));
  }
}

async function fetchPack(
  pack: PackRef,
  mirror: Mirror,
  whole: WholePack,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const known = whole.of(mirror, pack);
  if (known !== undefined) return known;
  const key = packKey(pack.sha256);
  const answer = await mirror.send(key, { maxBytes: pack.bytes, ...(signal && { signal }) });
  if (answer.status !== 200) {
    await answer.cancel();
    throw unexpectedStatus(answer, mirror, key);
  }
  const bytes = await readAnswer(answer);
  if (bytes.length !== pack.bytes) {
    throw new BrecciaError(
      "response-truncated",
      `Cannot use ${key} from ${mirror.url.host}: ${bytes.length} bytes came of ${pack.bytes}; try again`,
    );
  }
  whole.keep(mirror, pack, bytes);
  return bytes;
}
