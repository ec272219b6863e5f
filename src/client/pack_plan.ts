import type { ReleaseIndex } from "../index/mod.ts";
import { CONTENT_LIMITS } from "../limits.ts";

/** One whole pack, from a static host that sends no ranges. */
export interface PackPlan {
  /** Which kind of request it is. */
  readonly kind: "pack";
  /** Numbers of the chunks that are kept of it, the one that is needed first at the front. */
  readonly ordinals: readonly number[];
  /** Number of the pack. */
  readonly pack: number;
  /** Its length. */
  readonly bytes: number;
}

/** Stored chunks that are kept until their turn; a fetched pack comes on top of that. */
const KEPT_BYTES = 2 * CONTENT_LIMITS.packBytes;

/**
 * The packs that bring the chunks numbered `ordinals`, which ascend. Each is fetched when a chunk of it is
 * needed first, and what else is wanted of it is kept: so each travels once, unless chunks of many packs
 * take turns and more than `KEPT_BYTES` would wait. Then only the next ones are taken, and the pack is
 * planned again for the others: memory is bounded, and the plan still says what travels.
 */
export function planPacks(
  index: Pick<ReleaseIndex, "chunks" | "packs">,
  ordinals: Iterable<number>,
): PackPlan[] {
  const wanted = [...ordinals];
  const queues = queuesByPack(index, wanted);
  const kept = new Set<number>();
  const plans: PackPlan[] = [];
  let keptBytes = 0;
  for (const [at, ordinal] of wanted.entries()) {
    const { pack, storedLength } = index.chunks.at(ordinal);
    if (kept.delete(ordinal)) {
      keptBytes -= storedLength;
      continue;
    }
    const queue = queues.get(pack) as Queue;
    const count = keptBytes <= KEPT_BYTES
      ? queue.ordinals.length - queue.taken
      : runLength(index, wanted, at, kept);
    const taken = queue.ordinals.slice(queue.taken, queue.taken + count);
    queue.taken += count;
    plans.push({ kind: "pack", ordinals: taken, pack, bytes: index.packs[pack]?.bytes ?? 0 });
    for (const other of taken.slice(1)) {
      kept.add(other);
      keptBytes += index.chunks.at(other).storedLength;
    }
  }
  return plans;
}

/** The chunks that are wanted of one pack, and how many of them a plan has already. */
interface Queue {
  readonly ordinals: number[];
  taken: number;
}

function queuesByPack(
  { chunks }: Pick<ReleaseIndex, "chunks">,
  wanted: readonly number[],
): Map<number, Queue> {
  const queues = new Map<number, Queue>();
  for (const ordinal of wanted) {
    const { pack } = chunks.at(ordinal);
    const queue = queues.get(pack) ?? { ordinals: [], taken: 0 };
    queue.ordinals.push(ordinal);
    queues.set(pack, queue);
  }
  return queues;
}

/** How many chunks from `at` on come of one pack before another pack has to be fetched. */
function runLength(
  { chunks }: Pick<ReleaseIndex, "chunks">,
  wanted: readonly number[],
  at: number,
  kept: ReadonlySet<number>,
): number {
  const { pack } = chunks.at(wanted[at] as number);
  let count = 0;
  for (let next = at; next < wanted.length; next++) {
    const ordinal = wanted[next] as number;
    if (kept.has(ordinal)) continue;
    if (chunks.at(ordinal).pack !== pack) break;
    count++;
  }
  return count;
}
