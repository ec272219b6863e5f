import type { ServedFile } from "../src/mirror/mod.ts";

type Parts = AsyncIterable<Uint8Array<ArrayBuffer>>;

/**
 * The file, in all of its forms, which tells `broken` when it can't be read to its end. A client that leaves
 * is no failure: then the signal of the read is aborted.
 */
export function watchedFile(file: ServedFile, broken: (error: unknown) => void): ServedFile {
  const watched = async function* (parts: Parts, signal: AbortSignal | undefined) {
    try {
      yield* parts;
    } catch (error) {
      if (!signal?.aborted) broken(error);
      throw error;
    }
  };
  const { zstd } = file;
  return {
    ...file,
    read: (range, signal) => watched(file.read(range, signal), signal),
    ...(zstd && { zstd: { ...zstd, read: (signal) => watched(zstd.read(signal), signal) } }),
  };
}
