import { sha256 } from "../../src/bytes/mod.ts";
import { chunkStream } from "../../src/chunk/mod.ts";
import {
  type ChunkRef,
  ChunkTable,
  type IndexEntry,
  type ReleaseIndex,
  storeChunk,
  StreamLayout,
  TreeStream,
} from "../../src/index/mod.ts";
import type { TreeEntry, TreeReader } from "../../src/ports/mod.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";

/** A tree in memory: the content of its files by path. */
export class MemoryTree implements TreeReader {
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly #entries: readonly TreeEntry[];

  constructor(entries: readonly TreeEntry[], contents: ReadonlyMap<string, Uint8Array>) {
    this.#entries = entries;
    this.contents = contents;
  }

  async *entries(): AsyncGenerator<TreeEntry> {
    yield* this.#entries;
  }

  read(path: string, offset: number, into: Uint8Array): Promise<number> {
    const part = (this.contents.get(path) ?? new Uint8Array(0)).subarray(
      offset,
      offset + into.length,
    );
    into.set(part);
    return Promise.resolve(part.length);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const LONG = "long-".repeat(30);

/** A small tree with one of everything: long, non-ASCII and nested paths, links, empty and large files. */
export function sampleTree(): MemoryTree {
  const contents = new Map<string, Uint8Array>([
    ["README.md", new TextEncoder().encode("# sample\n")],
    [`deep/${LONG}/file`, pseudoRandomBytes(700, 1)],
    [`deep/${"n".repeat(120)}`, new Uint8Array(512)],
    ["empty", new Uint8Array(0)],
    ["random", pseudoRandomBytes(300_000, 2)],
    ["zeros", new Uint8Array(200_000)],
    ["ünïcødé/ß", new TextEncoder().encode("content")],
  ]);
  const file = (path: string, mode = 0o644): TreeEntry => ({
    kind: "file",
    path,
    mode,
    size: contents.get(path)!.length,
  });
  return new MemoryTree([
    file("README.md"),
    { kind: "directory", path: "deep", mode: 0o755 },
    { kind: "directory", path: `deep/${LONG}`, mode: 0o700 },
    file(`deep/${LONG}/file`, 0o755),
    file(`deep/${"n".repeat(120)}`),
    file("empty", 0o600),
    { kind: "link", path: "link", target: `deep/${LONG}/file` },
    file("random"),
    file("zeros"),
    { kind: "directory", path: "ünïcødé", mode: 0o755 },
    file("ünïcødé/ß"),
  ], contents);
}

/** The whole release stream of a tree. */
export async function streamOf(tree: MemoryTree): Promise<Uint8Array<ArrayBuffer>> {
  const layout = new StreamLayout(await Array.fromAsync(tree.entries()));
  const bytes = new Uint8Array(layout.streamBytes);
  await new TreeStream(layout, tree).read(0, bytes);
  return bytes;
}

/** The index of {@linkcode sampleTree}, with its one pack. */
export async function sampleRelease(): Promise<{ index: ReleaseIndex; pack: Uint8Array }> {
  const tree = sampleTree();
  const entries: IndexEntry[] = [];
  for await (const entry of tree.entries()) {
    entries.push(
      entry.kind === "file"
        ? { ...entry, sha256: await sha256(tree.contents.get(entry.path)!) }
        : entry,
    );
  }
  const stream = await streamOf(tree);
  const chunking = { minimum: 4096, average: 16384, maximum: 65536 };
  const stored: Uint8Array[] = [];
  const chunks: Omit<ChunkRef, "ordinal" | "offset">[] = [];
  let packOffset = 0;
  for await (const chunk of chunkStream([stream], chunking)) {
    const bytes = await storeChunk(chunk.bytes);
    chunks.push({
      hash: chunk.hash,
      length: chunk.bytes.length,
      pack: 0,
      packOffset,
      storedLength: bytes.length,
    });
    stored.push(bytes);
    packOffset += bytes.length;
  }
  const pack = new Uint8Array(await new Blob(stored as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const index: ReleaseIndex = {
    app: "sample",
    version: "1.2.3",
    platform: "any",
    chunking,
    streamBytes: stream.length,
    streamSha256: await sha256(stream),
    entries,
    chunks: new ChunkTable(chunks, chunks.length),
    packs: [{ sha256: await sha256(pack), bytes: pack.length }],
    deltas: [{
      baseSha256: await sha256(new Uint8Array(1)),
      baseVersion: "1.2.2",
      sha256: await sha256(new Uint8Array(2)),
      bytes: 1000,
      headBytes: 100,
      segments: [{ chunks: 1, bytes: 400 }, { chunks: chunks.length - 1, bytes: 500 }],
    }],
  };
  return { index, pack };
}
