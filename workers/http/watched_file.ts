import type { ServedFile } from "../../src/mirror/mod.ts";

/**
 * What a body breaks off with once `broken` knows why: runtimes print such an error, with its causes, where
 * only our own log should stand.
 */
export class BrokenAnswer extends Error {
  /** Always `"BrokenAnswer"`. */
  override readonly name = "BrokenAnswer";

  /** Says nothing that the log has not said. */
  constructor() {
    super("an answer broke off; the log says why");
    this.stack = "";
  }
}

type Parts = AsyncIterable<Uint8Array<ArrayBuffer>>;

/**
 * The file, in all of its forms, which asks `broken` what to break off with when it can't be read to its
 * end. A client that leaves is no failure: then the signal of the read is aborted.
 */
export function watchedFile(file: ServedFile, broken: (error: unknown) => unknown): ServedFile {
  const watched = async function* (parts: Parts, signal: AbortSignal | undefined) {
    try {
      yield* parts;
    } catch (error) {
      throw signal?.aborted ? error : broken(error);
    }
  };
  const { zstd } = file;
  return {
    ...file,
    read: (range, signal) => watched(file.read(range, signal), signal),
    ...(zstd && { zstd: { ...zstd, read: (signal) => watched(zstd.read(signal), signal) } }),
  };
}
