import { encodeHex } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import { decodeIndex, type ReleaseIndex, targetKey } from "../index/mod.ts";
import type { ObjectSource } from "../ports/mod.ts";
import type { ChunkPlace, Pack } from "./pack_writer.ts";
import { checkTargetBytes } from "./target_bytes.ts";
import type { LicensedRelease } from "./release_list.ts";

/**
 * The index of a release, verified against what is signed of it.
 *
 * @throws {BrecciaError} `repository-malformed` when it is missing; `target-mismatch`,
 * `index-malformed` when it was altered.
 */
export async function loadIndex(
  store: ObjectSource,
  { path, index }: LicensedRelease,
): Promise<ReleaseIndex> {
  const object = await store.get(targetKey(path, index.hashes.get("sha256") ?? ""));
  if (object === undefined) {
    throw new BrecciaError(
      "repository-malformed",
      `Cannot find the index ${path}: its file is missing; restore the repository from a backup`,
    );
  }
  await checkTargetBytes(path, object.bytes, index);
  return await decodeIndex(object.bytes);
}

/**
 * Where the chunks of `releases` are stored. Of two places the one of the earlier release in the
 * list counts.
 */
export async function findKnownChunks(
  store: ObjectSource,
  releases: readonly LicensedRelease[],
): Promise<ReadonlyMap<string, ChunkPlace>> {
  const known = new Map<string, ChunkPlace>();
  const packs = new Map<string, Pack>();
  for (const release of releases) {
    const index = await loadIndex(store, release);
    const slots = index.packs.map(({ sha256, bytes }) => {
      const name = encodeHex(sha256);
      const pack = packs.get(name) ?? { sha256, bytes };
      packs.set(name, pack);
      return pack;
    });
    for (const chunk of index.chunks) {
      const name = encodeHex(chunk.hash);
      if (known.has(name)) continue;
      known.set(name, {
        pack: slots[chunk.pack] as Pack,
        offset: chunk.packOffset,
        storedLength: chunk.storedLength,
      });
    }
  }
  return known;
}
