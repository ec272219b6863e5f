import { turn } from "../bytes/mod.ts";
import { Deflater, type DeflateSettings } from "./deflater.ts";

/** The start of a deflate stream and what it decodes to. */
export interface Sample {
  readonly content: readonly Uint8Array[];
  /** The stream, or as much of it as made that content. */
  readonly compressed: Uint8Array;
  /** Whether that is the whole stream. */
  readonly whole: boolean;
}

/**
 * The settings that make `sample`, or `undefined` when none of those that programs use does. Settings
 * that make the same of it can't be told apart; the first is taken: `likely`, then by frequency.
 */
export async function findSettings(
  sample: Sample,
  likely: readonly DeflateSettings[],
): Promise<DeflateSettings | undefined> {
  let best: { settings: DeflateSettings; matched: number } | undefined;
  for (const settings of [...likely, ...candidates()]) {
    const matched = await matchedBytes(sample, settings);
    if (matched === undefined) continue;
    if (sample.whole) return settings;
    if (best === undefined || matched > best.matched) best = { settings, matched };
    // A whole block agrees to the bit: no other settings can agree in more.
    if (matched > 0) break;
  }
  return best?.settings;
}

/** Content that is compressed before others have their turn. */
const TURN_BYTES = 128 * 1024;

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
): Promise<number | undefined> {
  const deflater = new Deflater(settings);
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
  let sinceTurn = 0;
  for (const piece of sample.content) {
    if (!agree(deflater.push(piece))) return undefined;
    sinceTurn += piece.length;
    if (sinceTurn < TURN_BYTES) continue;
    sinceTurn = 0;
    await turn();
  }
  if (!sample.whole) return matched;
  return agree(deflater.finish()) && matched === sample.compressed.length ? matched : undefined;
}
