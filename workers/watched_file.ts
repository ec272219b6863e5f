import type { ServedFile } from "../src/mirror/mod.ts";

/**
 * The file, which tells `broken` when it can't be read to its end. A client that leaves is no failure: then
 * the signal of the read is aborted.
 */
export function watchedFile(file: ServedFile, broken: (error: unknown) => void): ServedFile {
  return {
    ...file,
    async *read(range, signal) {
      try {
        yield* file.read(range, signal);
      } catch (error) {
        if (!signal?.aborted) broken(error);
        throw error;
      }
    },
  };
}
