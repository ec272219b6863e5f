import { encodeHex, equalBytes } from "../bytes/mod.ts";
import {
  type DeltaPart,
  describeDelta,
  explainDelta,
  imageParts,
  MemoryAccess,
  type PartCost,
} from "../delta/mod.ts";
import { BrecciaError } from "../errors.ts";
import { deltaKey, type DeltaRef, type ReleaseIndex, StreamLayout } from "../index/mod.ts";
import type { ObjectSource } from "../ports/mod.ts";
import { readReleaseStream } from "./release_stream.ts";

/** Where the bytes of an update go. */
export interface UpdateCosts {
  /** How the update travels. */
  readonly way: "delta" | "chunks";
  /** Bytes of the delta, or of the stored chunks that are fetched. */
  readonly bytes: number;
  /** What each file costs, and in a program its code and its data; the dearest first. */
  readonly parts: readonly PartCost[];
}

/**
 * Says which files of `to` the bytes of an update from `from` go to.
 *
 * @throws {BrecciaError} `repository-malformed` when the repository lacks the delta or a pack; the content
 * family when one was altered.
 */
export async function explainUpdate(
  store: ObjectSource,
  from: ReleaseIndex,
  to: ReleaseIndex,
): Promise<UpdateCosts> {
  const ref = to.deltas.find(({ baseSha256 }) => equalBytes(baseSha256, from.streamSha256));
  if (ref === undefined) return explainChunks(from, to);
  const delta = await readDelta(store, ref);
  const base = new MemoryAccess(await readReleaseStream(store, from));
  const { head } = await describeDelta(delta);
  const parts = await explainDelta(delta, base, partsOf(to, imageParts(head)));
  return { way: "delta", bytes: delta.length, parts };
}

async function readDelta(store: ObjectSource, { sha256 }: DeltaRef): Promise<Uint8Array> {
  const key = deltaKey(sha256);
  const object = await store.get(key);
  if (object === undefined) {
    throw new BrecciaError(
      "repository-malformed",
      `Cannot explain the update: ${key} is missing; restore the repository from a backup`,
    );
  }
  return object.bytes;
}

/** The files of a release as stretches of its stream; a program is split into code and data. */
function partsOf(index: ReleaseIndex, programs: readonly DeltaPart[]): DeltaPart[] {
  const layout = new StreamLayout(index.entries);
  const parts: DeltaPart[] = [];
  let next = 0;
  for (const piece of layout.pieces(0, layout.streamBytes)) {
    if (piece.kind !== "content") continue;
    const { path } = layout.entries[piece.entry]!;
    while (next < programs.length && programs[next]!.end <= piece.start) next++;
    for (let i = next; i < programs.length && programs[i]!.start < piece.end; i++) {
      const { name, start, end } = programs[i]!;
      const kind = /^(code|data)/.exec(name)?.[1];
      parts.push({
        name: kind === undefined ? path : `${path} (${kind})`,
        start: Math.max(start, piece.start),
        end: Math.min(end, piece.end),
      });
    }
  }
  return parts;
}

/** Shares the stored bytes of each missing chunk out by length to the files that it holds parts of. */
function explainChunks(from: ReleaseIndex, to: ReleaseIndex): UpdateCosts {
  const had = new Set(Array.from(from.chunks, ({ hash }) => encodeHex(hash)));
  const layout = new StreamLayout(to.entries);
  const costs = new Map<string, { newBytes: number; total: number }>();
  let bytes = 0;
  for (const { hash, offset, length, storedLength } of to.chunks) {
    const name = encodeHex(hash);
    if (had.has(name)) continue;
    had.add(name);
    bytes += storedLength;
    for (const piece of layout.pieces(offset, offset + length)) {
      const end = piece.kind === "header" ? piece.start + piece.bytes.length : piece.end;
      const part = Math.min(end, offset + length) - Math.max(piece.start, offset);
      const path = piece.kind === "content" ? layout.entries[piece.entry]!.path : "other";
      const cost = costs.get(path) ?? { newBytes: 0, total: 0 };
      cost.newBytes += part;
      cost.total += storedLength * part / length;
      costs.set(path, cost);
    }
  }
  const parts = [...costs].map(([name, { newBytes, total }]): PartCost => ({
    name,
    newBytes,
    total,
    streams: { run: 0, byte: 0, reference: 0, word: 0, literal: total },
    matches: 0,
  }));
  return { way: "chunks", bytes, parts: parts.sort((a, b) => b.total - a.total) };
}
