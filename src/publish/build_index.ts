import type { Chunking } from "../chunk/mod.ts";
import { ChunkTable, type IndexEntry, type PackRef, type ReleaseIndex } from "../index/mod.ts";
import type { PlacedChunk } from "./chunk_tree.ts";
import type { Pack } from "./pack_writer.ts";

/** The index of a release whose chunks are all placed; packs are listed in the order of first use. */
export function buildIndex(release: {
  readonly app: string;
  readonly version: string;
  readonly platform: string;
  readonly chunking: Chunking;
  readonly entries: readonly IndexEntry[];
  readonly chunks: readonly PlacedChunk[];
  readonly streamSha256: Uint8Array;
}): ReleaseIndex {
  const numbers = new Map<Pack, number>();
  for (const { place } of release.chunks) {
    if (!numbers.has(place.pack)) numbers.set(place.pack, numbers.size);
  }
  const chunks = new ChunkTable(
    release.chunks.map(({ hash, length, place }) => ({
      hash,
      length,
      pack: numbers.get(place.pack) as number,
      packOffset: place.offset,
      storedLength: place.storedLength,
    })),
    release.chunks.length,
  );
  return {
    app: release.app,
    version: release.version,
    platform: release.platform,
    chunking: release.chunking,
    streamBytes: chunks.streamBytes,
    streamSha256: release.streamSha256,
    entries: release.entries,
    chunks,
    packs: [...numbers.keys()].map(({ sha256, bytes }): PackRef => ({
      sha256: sha256 as Uint8Array,
      bytes,
    })),
    deltas: [],
  };
}
