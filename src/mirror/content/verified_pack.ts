import { encodeHex } from "../../bytes/mod.ts";
import {
  type ChunkRef,
  openStoredChunk,
  type PackRef,
  type ReleaseIndex,
} from "../../index/mod.ts";
import { type LicensedFile, VerifiedObject } from "./verified_object.ts";

/** What an index says of a pack, in the form in which all content is licensed. */
export function licensedPack(pack: PackRef): LicensedFile {
  return { length: pack.bytes, hashes: new Map([["sha256", encodeHex(pack.sha256)]]) };
}

/**
 * Accepts `bytes` as pack number `number` of `index`: its hash is right, and so is every chunk that the
 * index names in it. A publisher's mistake stops here, not at ten thousand devices.
 *
 * @throws {BrecciaError} `pack-mismatch`; `chunk-mismatch`, `frame-malformed` or `frame-oversized`.
 */
export async function verifyPack(
  bytes: Uint8Array<ArrayBuffer>,
  index: ReleaseIndex,
  number: number,
): Promise<VerifiedObject> {
  const pack = index.packs[number] as PackRef;
  const what = `pack ${encodeHex(pack.sha256).slice(0, 16)}…`;
  const verified = await VerifiedObject.verify(bytes, licensedPack(pack), what, "pack-mismatch");
  for (const chunk of chunksOf(index, number)) {
    const { packOffset, storedLength } = chunk;
    await openStoredChunk(bytes.subarray(packOffset, packOffset + storedLength), chunk);
  }
  return verified;
}

/** Ordinals by pack, made once for an index: it may have thousands of packs. */
const ordinalsByPack = new WeakMap<ReleaseIndex, ReadonlyMap<number, readonly number[]>>();

/** The chunks that lie in one pack, each place once: a stream of zeros names one place many times. */
function* chunksOf(index: ReleaseIndex, number: number): Generator<ChunkRef> {
  let byPack = ordinalsByPack.get(index);
  if (byPack === undefined) {
    byPack = Map.groupBy(
      Array.from({ length: index.chunks.count }, (_, ordinal) => ordinal),
      (ordinal) => index.chunks.at(ordinal).pack,
    );
    ordinalsByPack.set(index, byPack);
  }
  const seen = new Set<number>();
  for (const ordinal of byPack.get(number) ?? []) {
    const chunk = index.chunks.at(ordinal);
    if (seen.has(chunk.packOffset)) continue;
    seen.add(chunk.packOffset);
    yield chunk;
  }
}
