import { DELTA_LIMITS } from "../../limits.ts";
import type { Architecture, ImageTables, LoadSegment, Range } from "../image.ts";

/** What a parser found in an executable, before it is known to fit the format. */
export interface ParsedTables {
  readonly architecture: Architecture;
  readonly extent: Range;
  readonly base: number;
  readonly segments: readonly LoadSegment[];
  readonly executable: readonly Range[];
  /** Addresses of the executable sections. */
  readonly codeAddresses: readonly Range[];
}

/**
 * Tables that keep the format's rules: what lies outside the extent or overlaps what comes before is dropped.
 * `undefined` when nothing is left to model.
 */
export function fittingTables(parsed: ParsedTables): ImageTables | undefined {
  const { architecture, extent, base } = parsed;
  // The format has no greater numbers, and no program is loaded there.
  if (!Number.isSafeInteger(base)) return undefined;
  const inside = (start: number, end: number): boolean =>
    start >= extent.start && end <= extent.end && start < end;
  const addressable = parsed.segments.filter((s) =>
    s.address >= 0 && s.memorySize > 0 && s.address + s.memorySize <= 2 ** 32 &&
    (s.fileSize === 0 || inside(s.offset, s.offset + s.fileSize))
  );
  const segments = apart(
    addressable,
    (s) => s.offset,
    (s) => s.offset + s.fileSize,
  );
  const executable = apart(
    parsed.executable.filter(({ start, end }) => inside(start, end)),
    (r) => r.start,
    (r) => r.end,
  );
  if (segments.length === 0 || executable.length === 0) return undefined;
  const code = {
    start: Math.min(...parsed.codeAddresses.map((r) => r.start)),
    end: Math.max(...parsed.codeAddresses.map((r) => r.end)),
  };
  if (!(code.start >= 0 && code.end <= 2 ** 32)) return undefined;
  return { architecture, extent, base, segments, executable, code };
}

function apart<T>(items: readonly T[], start: (item: T) => number, end: (item: T) => number): T[] {
  const kept: T[] = [];
  let covered = 0;
  for (const item of [...items].sort((a, b) => start(a) - start(b))) {
    const empty = start(item) === end(item);
    if (!empty && start(item) < covered || kept.length === DELTA_LIMITS.imageRows) continue;
    kept.push(item);
    if (!empty) covered = end(item);
  }
  return kept;
}
