import { BrecciaError } from "../errors.ts";
import { type Clock, type ObjectStore, systemClock } from "../ports/mod.ts";
import { computeKeyId, type Key, type KeyId } from "../tuf/mod.ts";
import { changeDraft } from "./drafts.ts";
import { loadPublished } from "./published_metadata.ts";

/** 1,024 bins hold a million targets in files of some hundred KB. */
const MOST_BITS = 10;

/** What the bins are called: `bins-0a.json`. */
const NAME_PREFIX = "bins";

/** Hash bins to be. */
export interface NewHashBins {
  /** There are two to the power of this many bins: 1 to 10. */
  readonly bitLength: number;
  /** The keys that sign for every bin. */
  readonly keys: readonly Key[];
  /** How many of them must. */
  readonly threshold: number;
}

/**
 * Lets hash bins license the releases to come (TAP 15), for repositories with thousands of them: clients
 * fetch the bins that they ask for, and `publish` signs the bins that changed. Drafted, like a release; the
 * next `publish` signs every bin once. What the targets role lists already stays there.
 *
 * @throws {BrecciaError} `usage` on a bit length or threshold that can't be; `repository-malformed` where the
 * repository delegates already.
 */
export async function delegateToHashBins(
  store: ObjectStore,
  bins: NewHashBins,
  clock: Clock = systemClock,
): Promise<void> {
  const { bitLength, keys, threshold } = bins;
  if (!Number.isInteger(bitLength) || bitLength < 1 || bitLength > MOST_BITS) {
    throw new BrecciaError(
      "usage",
      `Cannot make hash bins by ${bitLength} bits: give 1 to ${MOST_BITS}`,
    );
  }
  if (threshold < 1 || threshold > keys.length) {
    throw new BrecciaError(
      "usage",
      `Cannot ask for ${threshold} signatures of the bins: they have ${keys.length} keys; give more`,
    );
  }
  const byId = new Map<KeyId, Key>();
  for (const key of keys) byId.set(await computeKeyId(key), key);
  await changeDraft(store, "targets", await loadPublished(store), (targets) => {
    if (targets.delegations !== undefined) {
      throw new BrecciaError(
        "repository-malformed",
        "Cannot make hash bins: this repository delegates to teams or bins already; use another one",
      );
    }
    const to = { keyIds: [...byId.keys()], threshold, bitLength, namePrefix: NAME_PREFIX };
    return { ...targets, delegations: { keys: byId, to } };
  }, { clock });
}
