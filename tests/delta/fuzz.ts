import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { decodeDelta, DeltaDecoder, MemoryAccess, readHeadLength } from "../../src/delta/mod.ts";

/** A delta to damage, and what it is decoded against. */
export interface FuzzSeed {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly delta: Uint8Array;
}

/** Numbers that look random and repeat with their seed. */
export function* randomNumbers(seed: number): Generator<number, never> {
  for (let state = seed | 1;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

/**
 * Damages the delta in one to eight places and decodes it, segment by segment, without the hashes that
 * would notice at the end. Anything but our errors, or bytes of the promised length, is a defect.
 */
export async function fuzzOnce(seed: FuzzSeed, random: Generator<number, never>): Promise<void> {
  const next = (below: number): number => random.next().value % below;
  const twin = damaged(seed.delta, next);
  try {
    const head = twin.subarray(0, readHeadLength(twin.subarray(0, 9)));
    const decoder = await DeltaDecoder.open(
      head,
      new MemoryAccess(seed.before),
      new MemoryAccess(seed.after),
    );
    for (const [i, { start, end, storedStart, storedEnd }] of decoder.head.segments.entries()) {
      const bytes = await decoder.decodeSegment(i, twin.subarray(storedStart, storedEnd));
      assert.equal(bytes.length, end - start);
    }
    await decodeDelta(twin, seed.before);
  } catch (error) {
    if (!isBrecciaError(error, "delta-malformed", "delta-mismatch")) throw error;
  }
}

function damaged(delta: Uint8Array, next: (below: number) => number): Uint8Array {
  let twin = delta.slice();
  for (let left = 1 + next(8); left > 0; left--) {
    const at = next(twin.length);
    switch (next(5)) {
      case 0:
        twin[at] = next(256);
        break;
      case 1:
        twin[at]! ^= 1 << next(8);
        break;
      case 2: // A varint that goes on, or a greatest number.
        twin[at] = next(2) === 0 ? 0x80 : 0xff;
        break;
      case 3: // Part of it twice: lengths no longer fit.
        twin.copyWithin(at, next(twin.length), twin.length);
        break;
      case 4:
        twin = twin.slice(0, Math.max(10, twin.length - next(20)));
        break;
    }
  }
  return twin;
}
