import { equalBytes, sha256 } from "../bytes/mod.ts";
import { loadZstd } from "../codec/mod.ts";
import { BrecciaError } from "../errors.ts";
import type { RandomAccess } from "../ports/mod.ts";
import { openSource } from "./open_source.ts";
import {
  DELTA_PREAMBLE_BYTES,
  type DeltaHead,
  type DeltaSegment,
  readHead,
  readHeadLength,
} from "./head.ts";
import { MemoryAccess } from "./memory_access.ts";
import { SegmentCodec } from "./segment_codec.ts";
import { SegmentReader } from "./segment_reader.ts";

/**
 * Decodes the segments of a delta. Nothing it returns is verified: compare each segment with the chunk
 * hashes of the signed index before it is used.
 *
 * Open it with the delta's head, fetched by range ({@linkcode readHeadLength} says how long it is);
 * then fetch and decode segments in any order, or in several decoders at once, except that a segment
 * with `needsEarlier` reads what precedes it in the new file. One decoder decodes one segment at a time.
 */
export class DeltaDecoder {
  /** What the head says. Untrusted, but consistent. */
  readonly head: DeltaHead;
  readonly #reader: SegmentReader;
  readonly #codec: SegmentCodec;

  private constructor(head: DeltaHead, reader: SegmentReader, codec: SegmentCodec) {
    this.head = head;
    this.#reader = reader;
    this.#codec = codec;
  }

  /**
   * Reads and checks a head.
   *
   * @param base the old release, whose hash the caller has compared with `head.oldSha256` or with its index
   * @param earlier what was decoded and verified so far, at its offsets in the new file; needed only
   * by segments with `needsEarlier`
   * @throws {BrecciaError} `delta-malformed`; `delta-mismatch` when `base` has another length.
   */
  static async open(
    headBytes: Uint8Array,
    base: RandomAccess,
    earlier: Pick<RandomAccess, "read"> = new MemoryAccess(new Uint8Array(0)),
  ): Promise<DeltaDecoder> {
    const zstd = await loadZstd();
    const { head } = readHead(headBytes, zstd);
    if (base.size !== head.oldSize) {
      throw new BrecciaError(
        "delta-mismatch",
        `Cannot decode the delta: it starts from a release of ${head.oldSize} bytes, and this one has ` +
          `${base.size}; choose the delta of this version`,
      );
    }
    const codec = new SegmentCodec(head, openSource(base, head.oldSize), openSource(earlier, 0));
    return new DeltaDecoder(head, new SegmentReader(head.version, zstd), codec);
  }

  /** True when decoding this segment reads from what precedes it in the new file. */
  needsEarlier(index: number): boolean {
    const { start, end } = this.#segment(index);
    const { matches, oldSize } = this.head;
    for (let i = matches.firstEndingAfter(start); i < matches.count; i++) {
      const newAt = matches.newAt[i] as number;
      if (newAt >= end) break;
      const source = (matches.source[i] as number) + Math.max(0, start - newAt);
      if (source >= oldSize && source - oldSize < start) return true;
    }
    return false;
  }

  /**
   * The new file's bytes of one segment, from its stored bytes. Memory is about three times the segment, and 25 MiB more for a delta of version 2.
   *
   * @throws {BrecciaError} `delta-malformed` when the bytes are broken.
   */
  async decodeSegment(index: number, stored: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const { start, end, storedStart, storedEnd } = this.#segment(index);
    if (stored.length !== storedEnd - storedStart) {
      throw new BrecciaError(
        "delta-malformed",
        `Cannot decode segment ${index} of the delta: it has ${stored.length} bytes, not ` +
          `${storedEnd - storedStart}; fetch it again`,
      );
    }
    const coder = this.#reader.open(stored, index, end - start);
    const output = new Uint8Array(end - start);
    await this.#codec.code(coder, start, end, output);
    coder.finish();
    return output;
  }

  #segment(index: number): DeltaSegment {
    const segment = this.head.segments[index];
    if (segment === undefined) {
      throw new BrecciaError(
        "usage",
        `Cannot decode segment ${index}: the delta has ${this.head.segments.length} segments`,
      );
    }
    return segment;
  }
}

/**
 * Decodes a whole delta in memory and compares the result with the hash in its head. The hash comes
 * from the delta itself: it finds accidents, not attacks.
 *
 * @throws {BrecciaError} `delta-malformed` when the delta is broken; `delta-mismatch` when `oldBytes` is not
 * what it was made from, or the result is not what it promised.
 */
export async function decodeDelta(
  delta: Uint8Array,
  oldBytes: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const headLength = readHeadLength(delta.subarray(0, DELTA_PREAMBLE_BYTES));
  const { head } = readHead(delta.subarray(0, headLength), await loadZstd());
  if (oldBytes.length !== head.oldSize || !equalBytes(await sha256(oldBytes), head.oldSha256)) {
    throw new BrecciaError(
      "delta-mismatch",
      "Cannot decode the delta: the old file is not the one it was made from; choose the delta of this version",
    );
  }
  const stored = head.segments.at(-1)?.storedEnd ?? headLength;
  if (stored !== delta.length) {
    throw new BrecciaError(
      "delta-malformed",
      `Cannot decode the delta: it is ${delta.length} bytes long, not ${stored}; fetch it again`,
    );
  }
  const output = new Uint8Array(head.newSize);
  const decoder = await DeltaDecoder.open(
    delta.subarray(0, headLength),
    new MemoryAccess(oldBytes),
    new MemoryAccess(output),
  );
  for (const [i, segment] of head.segments.entries()) {
    const bytes = delta.subarray(segment.storedStart, segment.storedEnd);
    output.set(await decoder.decodeSegment(i, bytes), segment.start);
  }
  if (!equalBytes(await sha256(output), head.newSha256)) {
    throw new BrecciaError(
      "delta-mismatch",
      "Cannot decode the delta: its result does not hash to what it promises; fetch it again",
    );
  }
  return output;
}
