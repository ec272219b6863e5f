import { ByteWriter } from "../bytes/mod.ts";
import type { Zstd } from "../codec/mod.ts";
import { DELTA_LIMITS } from "../limits.ts";
import { SEGMENT_CODING, type WrittenSegment } from "./head.ts";
import { mostCostly } from "./mixing/limits.ts";
import { MixedEncoder } from "./mixing/mixed_encoder.ts";
import { writeStream } from "./packed_stream.ts";
import { ResidualEncoder } from "./residual_encoder.ts";
import type { SegmentCodec } from "./segment_codec.ts";

/** Codes segments in the shortest of the ways that are allowed. */
export class SegmentWriter {
  readonly #codec: SegmentCodec;
  readonly #zstd: Zstd;
  readonly #level: number;
  readonly #streams = new ResidualEncoder();
  readonly #mixed: MixedEncoder | undefined;
  /** As large as any segment: what is never written takes no memory. */
  readonly #stored = new ByteWriter(DELTA_LIMITS.segmentBytes);

  /** Codes by `codec`; with `small`, by mixed contexts where that is shorter. */
  constructor(
    codec: SegmentCodec,
    zstd: Zstd,
    { level, small }: { readonly level: number; readonly small: boolean },
  ) {
    this.#codec = codec;
    this.#zstd = zstd;
    this.#level = level;
    if (small) this.#mixed = new MixedEncoder();
  }

  /** Codes `[start, end)` of the new file, which are `bytes`. */
  async write(start: number, end: number, bytes: Uint8Array): Promise<WrittenSegment> {
    const length = end - start;
    this.#streams.start();
    await this.#codec.code(this.#streams, start, end, bytes);
    const streams = this.#streams.finish();
    const literals = streams.at(-1)?.length ?? 0;
    const stored = this.#stored;
    stored.clear();
    for (const stream of streams) writeStream(stored, this.#zstd, stream, this.#level);
    const plain = { length, coding: SEGMENT_CODING.streams, stored: stored.finish() };
    if (this.#mixed === undefined || literals > mostCostly(length)) return plain;
    const mixed = await this.#mix(this.#mixed, start, end, bytes);
    return this.#mixed.wrong <= mostCostly(length) && mixed.length < plain.stored.length
      ? { length, coding: SEGMENT_CODING.mixed, stored: mixed }
      : plain;
  }

  async #mix(
    mixed: MixedEncoder,
    start: number,
    end: number,
    bytes: Uint8Array,
  ): Promise<Uint8Array<ArrayBuffer>> {
    mixed.start(end - start);
    await this.#codec.code(mixed, start, end, bytes);
    const { tokens, literals } = mixed.finish();
    const stored = this.#stored;
    stored.clear();
    stored.varint(tokens.length);
    stored.bytes(tokens);
    stored.bytes(literals);
    return stored.finish();
  }
}
