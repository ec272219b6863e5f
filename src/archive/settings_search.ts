import type { Turns } from "../bytes/mod.ts";
import { type DeflateBudget, deflateWork, SETUP_WORK } from "./deflate_budget.ts";
import { Deflater, type DeflateSettings } from "./deflater.ts";

/** The start of a deflate stream and what it decodes to. */
export interface Sample {
  readonly content: readonly Uint8Array[];
  /** The stream, or as much of it as made that content. */
  readonly compressed: Uint8Array;
  /** Whether that is the whole stream. */
  readonly whole: boolean;
}

/** What a search may take. */
export interface SearchBounds {
  /** That of the whole archive. */
  readonly budget: DeflateBudget;
  /** Lets others have their turn, and ends it when it is cancelled. */
  readonly turns: Turns;
}

/**
 * The settings that make `sample`, or `undefined` when none of those that programs use does, or the budget
 * is spent. Settings that make the same of it can't be told apart; the first is taken: `likely`, then by
 * frequency.
 */
export async function findSettings(
  sample: Sample,
  likely: readonly DeflateSettings[],
  bounds: SearchBounds,
): Promise<DeflateSettings | undefined> {
  let best: { settings: DeflateSettings; matched: number } | undefined;
  for (const settings of [...likely, ...candidates()]) {
    const matched = await matchedBytes(sample, settings, bounds);
    if (bounds.budget.isSpent) return undefined;
    if (matched === undefined) continue;
    if (sample.whole) return settings;
    if (best === undefined || matched > best.matched) best = { settings, matched };
    // A whole block agrees to the bit: no other settings can agree in more.
    if (matched > 0) break;
  }
  return best?.settings;
}

/** What is made is compared in pieces of so many bytes: wrong settings show in the first block. */
const COMPARED_BYTES = 1024;

/** Content that is deflated at once. */
const PIECE_BYTES = 16 * 1024;

/** Deflating takes as long as other work on so many times its bytes. */
const TURN_WEIGHT = 2;

/** Levels by how often they are met: the default, the best, the fastest, the rest. */
const LEVELS = [6, 9, 1, 8, 7, 5, 4, 3, 2];

function* candidates(): Generator<DeflateSettings> {
  for (const level of LEVELS) {
    yield { flavour: "zlib", level, memLevel: 8, strategy: 0 };
    yield { flavour: "gnu", level, memLevel: 9, strategy: 0 };
    yield { flavour: "chromium", level, memLevel: 8, strategy: 0 };
    yield { flavour: "zlib", level, memLevel: 9, strategy: 0 };
    yield { flavour: "chromium", level, memLevel: 9, strategy: 0 };
  }
  for (const strategy of [1, 2, 3, 4] as const) {
    yield { flavour: "zlib", level: 6, memLevel: 8, strategy };
    yield { flavour: "zlib", level: 9, memLevel: 8, strategy };
  }
}

/** How many bytes these settings make before the sample's end; `undefined` when one of them differs. */
async function matchedBytes(
  sample: Sample,
  settings: DeflateSettings,
  { budget, turns }: SearchBounds,
): Promise<number | undefined> {
  const deflater = budget.measure(SETUP_WORK, () => new Deflater(settings, COMPARED_BYTES));
  await turns.spend(SETUP_WORK);
  let matched = 0;
  const agree = (pieces: readonly Uint8Array[]): boolean => {
    for (const piece of pieces) {
      const expected = sample.compressed.subarray(matched, matched + piece.length);
      for (let i = 0; i < expected.length; i++) if (piece[i] !== expected[i]) return false;
      if (sample.whole && expected.length < piece.length) return false;
      matched += expected.length;
    }
    return true;
  };
  for (const whole of sample.content) {
    for (let at = 0; at < whole.length; at += PIECE_BYTES) {
      const piece = whole.subarray(at, at + PIECE_BYTES);
      const work = deflateWork(settings, piece.length);
      const agrees = agree(budget.measure(work, () => deflater.push(piece)));
      if (!agrees || budget.isSpent) return undefined;
      await turns.spend(TURN_WEIGHT * work);
    }
  }
  if (!sample.whole) return matched;
  return agree(deflater.finish()) && matched === sample.compressed.length ? matched : undefined;
}
