import { BrecciaError } from "../errors.ts";
import { openStoredChunk, packKey, type PackRef, type ReleaseIndex } from "../index/mod.ts";
import type { ObjectSource } from "../ports/mod.ts";

/**
 * The whole stream of a release, from the repository's packs, every chunk verified.
 *
 * @throws {BrecciaError} `repository-malformed` when a pack is missing; the content family when one was
 * altered.
 */
export async function readReleaseStream(
  store: ObjectSource,
  index: ReleaseIndex,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Uint8Array(index.streamBytes);
  let pack: { number: number; bytes: Uint8Array } | undefined;
  for (const chunk of index.chunks) {
    if (pack?.number !== chunk.pack) {
      pack = { number: chunk.pack, bytes: await readPack(store, index, chunk.pack) };
    }
    const end = chunk.packOffset + chunk.storedLength;
    const { bytes } = await openStoredChunk(pack.bytes.subarray(chunk.packOffset, end), chunk);
    stream.set(bytes, chunk.offset);
  }
  return stream;
}

async function readPack(
  store: ObjectSource,
  index: ReleaseIndex,
  number: number,
): Promise<Uint8Array> {
  const key = packKey((index.packs[number] as PackRef).sha256);
  const object = await store.get(key);
  if (object === undefined) {
    throw new BrecciaError(
      "repository-malformed",
      `Cannot read ${index.app} ${index.version}: ${key} is missing; restore the repository from a backup`,
    );
  }
  return object.bytes;
}
