import {
  type ChunkSeeds,
  hintBytesFor,
  hintedCost,
  hintedFile,
  type HintIndex,
  isWorthwhile,
  openHint,
} from "../../archive/mod.ts";
import { decodeHex } from "../../bytes/mod.ts";
import { BrecciaError } from "../../errors.ts";
import {
  CHUNK_FRAME_BYTES,
  CHUNK_REQUEST_TYPE,
  encodeChunkRequest,
  openStoredChunk,
} from "../../index/mod.ts";
import { EXCHANGE_LIMITS } from "../../limits.ts";
import { BodyReader, type Mirror, readAnswer } from "../../transport/mod.ts";
import type { ChunkedFiles } from "../content/chunked_files.ts";
import { type LicensedFile, objectName } from "../content/verified_object.ts";

/**
 * The bytes of a large file, made from chunks that `files` has and those that the edge `mirror` sends, by
 * the hint index that it serves. `undefined` when it has none, or when that would save little. What comes
 * is not verified: the caller checks the whole against what is signed.
 *
 * @throws {BrecciaError} `hint-malformed` and its kin; the network family. While it is read, also
 * `chunk-missing`, `chunk-mismatch` and `frame-malformed`.
 */
export async function fetchHinted(
  mirror: Mirror,
  file: LicensedFile,
  files: ChunkedFiles,
  signal?: AbortSignal,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const sha256 = decodeHex(file.hashes.get("sha256") ?? "");
  if (sha256?.length !== 32) return undefined;
  await files.remember();
  const answer = await mirror.send(`hints/${objectName(file)}`, {
    maxBytes: hintBytesFor(file.length),
    ...(signal && { signal }),
  });
  if (answer.status !== 200) {
    await answer.cancel();
    return undefined;
  }
  const bytes = await readAnswer(answer);
  const hint = await openHint(bytes, { length: file.length, sha256 }, signal);
  const cost = hintedCost(hint, files);
  if (!isWorthwhile(hint, bytes.length, cost)) return undefined;
  const seeds: ChunkSeeds = {
    knows: (hash) => files.knows(hash),
    read: (hash) => files.chunk(hash),
    fetch: (ordinals) => fetchChunks(mirror, { hint, sha256 }, ordinals, signal),
  };
  return hintedFile(hint, cost, seeds, { signal });
}

/** Chunks by `POST /chunks`, in bounded batches, each verified. */
async function* fetchChunks(
  mirror: Mirror,
  { hint, sha256 }: { readonly hint: HintIndex; readonly sha256: Uint8Array },
  ordinals: readonly number[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (let first = 0; first < ordinals.length; first += EXCHANGE_LIMITS.chunks) {
    const batch = ordinals.slice(first, first + EXCHANGE_LIMITS.chunks);
    const chunks = batch.map((ordinal) => hint.chunks.at(ordinal));
    const answer = await mirror.send("chunks", {
      method: "POST",
      headers: { "content-type": CHUNK_REQUEST_TYPE },
      body: encodeChunkRequest({ index: sha256, ordinals: batch }),
      maxBytes: chunks.reduce((sum, chunk) => sum + CHUNK_FRAME_BYTES + chunk.storedLength, 0),
      ...(signal && { signal }),
    });
    try {
      if (answer.status !== 200) throw refused(mirror, `it answered ${answer.status}`);
      const body = new BodyReader(answer.body, `the chunks from ${mirror.url.host}`);
      for (const chunk of chunks) {
        const frame = await body.bytes(CHUNK_FRAME_BYTES);
        const length = new DataView(frame.buffer).getUint32(0, true);
        if (length !== chunk.storedLength) {
          throw refused(mirror, `it sent ${length} bytes for a chunk of ${chunk.storedLength}`);
        }
        yield (await openStoredChunk(await body.bytes(length), chunk)).bytes;
      }
    } finally {
      await answer.cancel();
    }
  }
}

function refused(mirror: Mirror, why: string): BrecciaError {
  return new BrecciaError(
    "chunk-missing",
    `Cannot get chunks from ${mirror.url.host} by its hint index: ${why}; the file is fetched plainly`,
  );
}
