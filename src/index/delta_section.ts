import { ByteReader, SHA256_BYTES, type Turns } from "../bytes/mod.ts";
import { DELTA_LIMITS, INDEX_LIMITS } from "../limits.ts";
import { IDENTITY_BYTES } from "./index_format.ts";
import type { DeltaRef, DeltaSegment } from "./release_index.ts";

/** Reads section 1 of a release index; every delta must make all `chunkCount` chunks. */
export async function readDeltas(
  body: Uint8Array,
  chunkCount: number,
  turns: Turns,
): Promise<DeltaRef[]> {
  const reader = new ByteReader(body, "release index's delta section", "index-malformed");
  const deltas: DeltaRef[] = [];
  for (let left = reader.varint(INDEX_LIMITS.deltas); left > 0; left--) {
    const baseSha256 = reader.bytes(SHA256_BYTES);
    const baseVersion = reader.text(IDENTITY_BYTES);
    const sha256 = reader.bytes(SHA256_BYTES);
    const bytes = reader.varint(INDEX_LIMITS.streamBytes);
    const headBytes = reader.varint(bytes);
    const segments = await readSegments(reader, chunkCount, turns);
    const segmentBytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    if (headBytes + segmentBytes !== bytes) {
      reader.fail(`a delta's parts make ${headBytes + segmentBytes} of its ${bytes} bytes`);
    }
    deltas.push({ baseSha256, baseVersion, sha256, bytes, headBytes, segments });
  }
  reader.end();
  return deltas;
}

/** A segment takes as long as other work on so many bytes. */
const SEGMENT_WORK = 32;

async function readSegments(
  reader: ByteReader,
  chunkCount: number,
  turns: Turns,
): Promise<DeltaSegment[]> {
  const segments: DeltaSegment[] = [];
  let made = 0;
  const most = Math.min(DELTA_LIMITS.segments, Math.floor(reader.remaining / 2));
  for (let left = reader.varint(most); left > 0; left--) {
    const turn = turns.spend(SEGMENT_WORK);
    if (turn) await turn;
    const chunks = reader.varint(chunkCount);
    if (chunks === 0) reader.fail("a delta's segment makes no chunk");
    segments.push({ chunks, bytes: reader.varint(INDEX_LIMITS.streamBytes) });
    made += chunks;
  }
  if (made !== chunkCount) reader.fail(`a delta makes ${made} of ${chunkCount} chunks`);
  return segments;
}
