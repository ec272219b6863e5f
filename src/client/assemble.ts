import { equalBytes } from "../bytes/mod.ts";
import type { VerifiedChunk } from "../chunk/mod.ts";
import { BrecciaError } from "../errors.ts";
import {
  type IndexEntry,
  type ReleaseIndex,
  StreamLayout,
  type StreamPiece,
} from "../index/mod.ts";
import type { TreeWriter } from "../ports/mod.ts";

/**
 * Writes the tree of a release from its chunks, in order, in memory of one chunk.
 *
 * @throws {BrecciaError} `chunk-mismatch` when a chunk is not the one that comes next; `chunk-missing` when
 * they end early; `index-mismatch` when the chunks make a stream that contradicts the entries of their
 * own index: whoever published it made a mistake or an attack, and nothing of it may be installed.
 */
export async function assembleTree(
  index: ReleaseIndex,
  chunks: AsyncIterable<VerifiedChunk>,
  writer: TreeWriter,
): Promise<void> {
  const layout = new StreamLayout(index.entries);
  let count = 0;
  for await (const { hash, bytes } of chunks) {
    const expected = count < index.chunks.count ? index.chunks.at(count) : undefined;
    if (expected === undefined || !equalBytes(expected.hash, hash)) {
      throw new BrecciaError(
        "chunk-mismatch",
        `Cannot assemble ${index.app} ${index.version}: chunk ${count} is another; run it again`,
      );
    }
    await writeStretch(index, layout, expected.offset, bytes, writer);
    count++;
  }
  if (count !== index.chunks.count) {
    throw new BrecciaError(
      "chunk-missing",
      `Cannot assemble ${index.app} ${index.version}: only ${count} of ${index.chunks.count} ` +
        `chunks came; run the update again`,
    );
  }
  await writer.finish();
}

async function writeStretch(
  index: ReleaseIndex,
  layout: StreamLayout<IndexEntry>,
  offset: number,
  bytes: Uint8Array,
  writer: TreeWriter,
): Promise<void> {
  const end = offset + bytes.length;
  for (const piece of layout.pieces(offset, end)) {
    const from = Math.max(offset, piece.start);
    const to = Math.min(end, pieceEnd(piece));
    const part = bytes.subarray(from - offset, to - offset);
    if (piece.kind === "content") {
      await writer.write(part);
    } else if (piece.kind === "zeros") {
      if (part.some((byte) => byte !== 0)) throw contradiction(index, from);
    } else {
      const header = piece.bytes.subarray(from - piece.start, to - piece.start);
      if (!equalBytes(part, header)) throw contradiction(index, from);
      // A header may lie in two chunks: its entry begins once all of it was seen.
      if (to === pieceEnd(piece)) await openEntry(layout, piece.start, writer);
    }
  }
}

async function openEntry(
  layout: StreamLayout<IndexEntry>,
  headerStart: number,
  writer: TreeWriter,
): Promise<void> {
  const entry = layout.entries[layout.entryAt(headerStart)] as IndexEntry;
  if (entry.kind === "directory") await writer.directory(entry);
  else if (entry.kind === "link") await writer.link(entry);
  else await writer.file(entry);
}

function pieceEnd(piece: StreamPiece): number {
  return piece.kind === "header" ? piece.start + piece.bytes.length : piece.end;
}

function contradiction(index: ReleaseIndex, offset: number): BrecciaError {
  return new BrecciaError(
    "index-mismatch",
    `Cannot install ${index.app} ${index.version}: at byte ${offset} its chunks contradict its own ` +
      `index; don't install it, and tell the publisher`,
  );
}
