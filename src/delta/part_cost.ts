import type { StreamName } from "./head.ts";
import type { Range } from "./image.ts";

/** A named stretch of the new file: a file of a release, a section of a program. */
export interface DeltaPart extends Range {
  /** Path of the file, or name of the section. */
  readonly name: string;
}

/** What a part costs. Stored bytes are shared out by what each part reads of the unpacked streams. */
export interface PartCost {
  /** The part's name. */
  readonly name: string;
  /** Its length in the new file. */
  readonly newBytes: number;
  /** Stored bytes, of all streams and of matches. */
  readonly total: number;
  /** Stored bytes by stream. */
  readonly streams: Readonly<Record<StreamName, number>>;
  /** Stored bytes of the matches that begin in it. */
  readonly matches: number;
}
