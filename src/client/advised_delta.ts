import { encodeHex, equalBytes } from "../bytes/mod.ts";
import { isBrecciaError } from "../errors.ts";
import {
  adviceKey,
  decodeDeltaAdvice,
  DELTA_ADVICE_BYTES,
  type DeltaAdvice,
} from "../index/mod.ts";
import { type Mirror, type MirrorSet, readAnswer } from "../transport/mod.ts";
import type { NamedIndex } from "./transfer_options.ts";
import type { DeltaOffer } from "./delta_plan.ts";
import type { Seed } from "./seed.ts";

/** What an edge says of a delta that nobody published. */
export interface AdvisedDelta {
  /** False when there was no reason to ask. */
  readonly asked: boolean;
  /** Where it is; `undefined` when there is none now. It is advice: what it makes is hashed. */
  readonly offer: DeltaOffer | undefined;
  /** Body bytes that asking took. */
  readonly bytes: number;
  /** A sentence for people, when there is something to say. */
  readonly reason: string | undefined;
}

const NOT_ASKED: AdvisedDelta = { asked: false, offer: undefined, bytes: 0, reason: undefined };

/** What is missing in chunks must be more than this to be worth a question, in bytes. */
const WORTH_ASKING = 128 * 1024;

/**
 * Asks the edge that comes first for a delta from what is installed, where the publisher made none and
 * `missing` bytes of chunks would travel. One question at most; it never waits for a delta to be made, and
 * whatever goes wrong costs the answer's bytes.
 *
 * @throws {BrecciaError} `cancelled`.
 */
export async function askForDelta(
  release: NamedIndex,
  seeds: readonly Seed[],
  missing: number,
  mirrors: MirrorSet,
): Promise<AdvisedDelta> {
  const mirror = mirrors.preferred;
  const base = seeds.find(({ chunks, index }) => chunks === index.chunks.count);
  const before = mirrors.http.bodyBytes;
  const said = (reason?: string, offer?: DeltaOffer): AdvisedDelta => ({
    asked: true,
    offer,
    bytes: mirrors.http.bodyBytes - before,
    reason,
  });
  if (!mirror.isEdge || base === undefined || missing < WORTH_ASKING) return NOT_ASKED;
  const { streamSha256 } = base.index;
  const published = release.index.deltas.some(({ baseSha256 }) =>
    equalBytes(baseSha256, streamSha256)
  );
  if (published || equalBytes(release.index.streamSha256, streamSha256)) return NOT_ASKED;
  const key = adviceKey(encodeHex(streamSha256), encodeHex(release.sha256));
  try {
    const answer = await mirror.send(key, { maxBytes: DELTA_ADVICE_BYTES });
    if (answer.status !== 200) {
      await answer.cancel();
      return said(answer.status === 202 ? `${mirror.url.host} is making a delta` : undefined);
    }
    const advice = await decodeDeltaAdvice(await readAnswer(answer));
    const doubt = objection(advice, base, release);
    if (doubt !== undefined) {
      mirror.failures.push({ code: "hint-malformed", message: doubt });
      return said(doubt);
    }
    const ref = { ...advice, baseVersion: base.index.version };
    return said(undefined, { ref, key: `${key}/${encodeHex(advice.sha256)}`, mirror });
  } catch (error) {
    return said(blamed(mirror, error));
  }
}

function blamed(mirror: Mirror, error: unknown): string {
  if (!isBrecciaError(error) || error.code === "cancelled") throw error;
  mirror.failures.push({ code: error.code, message: error.message });
  return error.message;
}

/** Why the advice can't be right. Where it lies in what can't be seen here, its head or hashes will tell. */
function objection(advice: DeltaAdvice, base: Seed, release: NamedIndex): string | undefined {
  const chunks = advice.segments.reduce((sum, segment) => sum + segment.chunks, 0);
  const right = equalBytes(advice.baseSha256, base.index.streamSha256) &&
    equalBytes(advice.index, release.sha256) && chunks === release.index.chunks.count &&
    advice.bytes <= release.index.streamBytes;
  return right ? undefined : "the delta that was advised is for other releases; it is not used";
}
