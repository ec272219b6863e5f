import type { RandomAccess, TreeEntry, TreeReader } from "../ports/mod.ts";
import type { StreamLayout } from "./stream_layout.ts";

/**
 * The release stream of a tree, regenerated as it is read: headers from the layout, content from the
 * files. This is how an installed release serves as the seed of the next one without a copy of
 * its archive. Untrusted: what was changed on disk comes out changed, or as zeros.
 */
export class TreeStream implements RandomAccess {
  readonly size: number;
  readonly #layout: StreamLayout;
  readonly #tree: TreeReader;

  /** Reads the content of `layout`'s files from `tree`. */
  constructor(layout: StreamLayout, tree: TreeReader) {
    this.size = layout.streamBytes;
    this.#layout = layout;
    this.#tree = tree;
  }

  /** See {@linkcode RandomAccess.read}. */
  async read(offset: number, into: Uint8Array): Promise<void> {
    const end = offset + into.length;
    for (const piece of this.#layout.pieces(offset, end)) {
      const pieceEnd = piece.kind === "header" ? piece.start + piece.bytes.length : piece.end;
      const from = Math.max(offset, piece.start);
      const to = Math.min(end, pieceEnd);
      const target = into.subarray(from - offset, to - offset);
      if (piece.kind === "header") {
        target.set(piece.bytes.subarray(from - piece.start, to - piece.start));
      } else if (piece.kind === "zeros") {
        target.fill(0);
      } else {
        const { path } = this.#layout.entries[piece.entry] as TreeEntry;
        const count = await this.#tree.read(path, from - piece.start, target);
        target.fill(0, count);
      }
    }
  }
}
