import {
  type ChunkSeeds,
  hintBytesFor,
  hintedCost,
  hintedFile,
  type HintIndex,
  isWorthwhile,
  openHint,
  SeedFile,
} from "../archive/mod.ts";
import { decodeHex } from "../bytes/mod.ts";
import type { RandomAccess } from "../ports/mod.ts";
import { type Mirror, readAnswer } from "../transport/mod.ts";
import type { VerifiedTarget } from "../tuf/mod.ts";
import { planRequests } from "./chunk_request.ts";
import { transferChunks } from "./chunk_transfer.ts";

/** A target as a hint index says that it is made: advice, not verified. */
export interface HintedBody {
  /** Bytes that come from files at hand, of the content. */
  readonly reused: number;
  /** Bytes that will travel for it. */
  readonly bytes: number;
  /** The target, if the hint is right. To be read once. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * How an edge would make `target` from chunks of the files in `seeds` and those that it sends;
 * `undefined` when it has no hint index for it, or when that would save little.
 *
 * @throws {BrecciaError} `hint-malformed` and its kin; the network family; `cancelled`. While the body is
 * read, also `chunk-missing`, `chunk-mismatch` and `frame-malformed`.
 */
export async function hintedBody(
  mirror: Mirror,
  target: VerifiedTarget,
  seeds: readonly RandomAccess[],
  signal?: AbortSignal,
): Promise<HintedBody | undefined> {
  const name = target.hashes.get("sha256")?.toLowerCase() ?? "";
  const sha256 = decodeHex(name);
  if (sha256?.length !== 32) return undefined;
  const answer = await mirror.send(`hints/${name}`, {
    maxBytes: hintBytesFor(target.length),
    ...(signal && { signal }),
  });
  if (answer.status !== 200) {
    await answer.cancel();
    return undefined;
  }
  const bytes = await readAnswer(answer);
  const hint = await openHint(bytes, { length: target.length, sha256 }, signal);
  const files: SeedFile[] = [];
  for (const seed of seeds) files.push(await SeedFile.open(seed, hint.chunks, signal));
  const known = chunkSeeds(files, { index: hint, sha256 }, mirror, signal);
  const cost = hintedCost(hint, known);
  if (!isWorthwhile(hint, bytes.length, cost)) return undefined;
  return {
    reused: hint.recipe.contentBytes - lengthOf(hint, cost.missing),
    bytes: cost.bytes,
    body: hintedFile(hint, cost, known, { signal }),
  };
}

function chunkSeeds(
  files: readonly SeedFile[],
  named: { readonly index: HintIndex; readonly sha256: Uint8Array },
  mirror: Mirror,
  signal: AbortSignal | undefined,
): ChunkSeeds {
  const holder = (hash: Uint8Array) => files.find((file) => file.knows(hash));
  return {
    knows: (hash) => holder(hash) !== undefined,
    read: async (hash) => await holder(hash)?.read(hash),
    async *fetch(ordinals) {
      const requests = planRequests(named.index, ordinals, "edge");
      for await (const { bytes } of transferChunks(named, requests, mirror, { signal })) {
        yield bytes;
      }
    },
  };
}

function lengthOf({ chunks }: HintIndex, ordinals: readonly number[]): number {
  return ordinals.reduce((sum, ordinal) => sum + chunks.at(ordinal).length, 0);
}
