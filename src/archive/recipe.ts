import type { DeflateSettings } from "./deflater.ts";

/** Some bytes of the archive that are in the content as they are. */
export interface CopyStep {
  /** Which of the two it is. */
  readonly kind: "copy";
  /** How many, at least 1. */
  readonly bytes: number;
}

/** Some bytes of the archive that are deflated from content. */
export interface DeflateStep {
  /** Which of the two it is. */
  readonly kind: "deflate";
  /** What its stream is made with. */
  readonly settings: DeflateSettings;
  /** How many bytes of content are compressed as one whole stream. */
  readonly contentBytes: number;
  /** How many bytes of that stream, from its start, are in the archive. */
  readonly bytes: number;
}

/** One stretch of an archive. */
export type Step = CopyStep | DeflateStep;

/**
 * How an archive is made from its content: the archive's bytes, with each deflate stream that can be made
 * again replaced by what it decodes to (docs/formats/archive-recipe.md).
 */
export interface Recipe {
  /** In the order of the archive, which is that of the content. */
  readonly steps: readonly Step[];
  /** Length of the content in bytes. */
  readonly contentBytes: number;
  /** Length of the archive in bytes. */
  readonly archiveBytes: number;
}

/** Content bytes that a step takes. */
export function contentBytesOf(step: Step): number {
  return step.kind === "copy" ? step.bytes : step.contentBytes;
}

/** The recipe of these steps; copies in a row become one. */
export function recipeOf(steps: Iterable<Step>): Recipe {
  const merged: Step[] = [];
  let contentBytes = 0;
  let archiveBytes = 0;
  for (const step of steps) {
    contentBytes += contentBytesOf(step);
    archiveBytes += step.bytes;
    const last = merged.at(-1);
    if (step.bytes + contentBytesOf(step) === 0) continue;
    if (step.kind === "copy" && last?.kind === "copy") {
      merged[merged.length - 1] = { kind: "copy", bytes: last.bytes + step.bytes };
    } else merged.push(step);
  }
  return { steps: merged, contentBytes, archiveBytes };
}
