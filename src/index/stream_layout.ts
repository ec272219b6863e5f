import type { TreeEntry } from "../ports/mod.ts";
import { paddingOf, TAR_BLOCK, tarHeader, tarHeaderBytes } from "./tar_header.ts";

/** What a stretch of the release stream is. */
export type StreamPiece =
  | { readonly kind: "header"; readonly start: number; readonly bytes: Uint8Array }
  | {
    readonly kind: "content";
    readonly start: number;
    readonly end: number;
    /** Number of the file in the entry table. */
    readonly entry: number;
  }
  | { readonly kind: "zeros"; readonly start: number; readonly end: number };

/** The two zero blocks that end a tar stream. */
export const TRAILER_BYTES: number = 2 * TAR_BLOCK;

/** What an entry takes of the release stream: header, content and padding. */
export function streamBytesOf(entry: TreeEntry): number {
  const content = entry.kind === "file" ? entry.size : 0;
  return tarHeaderBytes(entry) + content + paddingOf(content);
}

/**
 * Where everything lies in the release stream of a tree. The one place that knows the order of pieces:
 * publisher, edge and client all read the stream through it, so they can't drift.
 */
export class StreamLayout<Entry extends TreeEntry = TreeEntry> {
  /** The tree, in ascending order of path bytes. */
  readonly entries: readonly Entry[];
  /** Length of the stream in bytes. */
  readonly streamBytes: number;
  /** Where each entry's header begins, and in the end the trailer. */
  readonly #starts: Float64Array;

  /** Lays out `entries`, which are in the order of the stream. */
  constructor(entries: readonly Entry[]) {
    this.entries = entries;
    this.#starts = new Float64Array(entries.length + 1);
    let at = 0;
    for (const [number, entry] of entries.entries()) {
      this.#starts[number] = at;
      at += streamBytesOf(entry);
    }
    this.#starts[entries.length] = at;
    this.streamBytes = at + TRAILER_BYTES;
  }

  /** Where entry number `number` begins (its header); the count of entries gives the trailer. */
  startOf(number: number): number {
    return this.#starts[number]!;
  }

  /** Number of the entry that the byte at `offset` belongs to; the count of entries for the trailer. */
  entryAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The pieces that overlap `[from, to)`, whole and in order; none is empty. */
  *pieces(from: number, to: number): Generator<StreamPiece> {
    for (let number = this.entryAt(from); number <= this.entries.length; number++) {
      if (this.#starts[number]! >= to) return;
      for (const piece of this.#entryPieces(number)) {
        const end = piece.kind === "header" ? piece.start + piece.bytes.length : piece.end;
        if (end > from && piece.start < to && end > piece.start) yield piece;
      }
    }
  }

  *#entryPieces(number: number): Generator<StreamPiece> {
    const start = this.#starts[number]!;
    const entry = this.entries[number];
    if (entry === undefined) {
      yield { kind: "zeros", start, end: start + TRAILER_BYTES };
      return;
    }
    const bytes = tarHeader(entry);
    yield { kind: "header", start, bytes };
    if (entry.kind !== "file") return;
    const content = start + bytes.length;
    const end = content + entry.size;
    yield { kind: "content", start: content, end, entry: number };
    yield { kind: "zeros", start: end, end: end + paddingOf(entry.size) };
  }
}
