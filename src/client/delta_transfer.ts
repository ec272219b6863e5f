import { equalBytes } from "../bytes/mod.ts";
import { DeltaDecoder } from "../delta/mod.ts";
import { BodyReader } from "../transport/mod.ts";
import { BrecciaError, isBrecciaError } from "../errors.ts";
import type { ReleaseIndex } from "../index/mod.ts";
import type { RandomAccess } from "../ports/mod.ts";
import type { HttpAnswer, Mirror, MirrorSet } from "../transport/mod.ts";
import type { DeltaPlan, DeltaRange, PlannedSegment } from "./delta_plan.ts";
import { VerifiedBase } from "./verified_base.ts";

/** A planned segment, decoded. Not verified yet: its chunks are hashed one by one. */
export interface DecodedSegment extends PlannedSegment {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A range that is being read. */
interface OpenRange {
  readonly range: DeltaRange;
  readonly answer: HttpAnswer;
  readonly body: BodyReader;
  /** Where in the delta the next byte lies. */
  at: number;
}

/** What is passed over is read in such pieces. */
const SKIP_BYTES = 64 * 1024;

/** Fetches the ranges of a delta as its segments are asked for, in order, and decodes them. */
export class DeltaTransfer {
  readonly #plan: DeltaPlan;
  readonly #index: ReleaseIndex;
  readonly #mirrors: MirrorSet;
  readonly #written: RandomAccess;
  readonly #signal: AbortSignal | undefined;
  readonly #pending: DeltaRange[];
  #open: OpenRange | undefined;
  #decoder: DeltaDecoder | undefined;

  /** Makes chunks of `index`; `written` is its stream as far as it was written. */
  constructor(
    plan: DeltaPlan,
    index: ReleaseIndex,
    options: {
      readonly mirrors: MirrorSet;
      readonly written: RandomAccess;
      readonly signal?: AbortSignal | undefined;
    },
  ) {
    this.#plan = plan;
    this.#index = index;
    this.#mirrors = options.mirrors;
    this.#written = options.written;
    this.#signal = options.signal;
    this.#pending = [...plan.ranges];
  }

  /** The edge that made the delta, when it was not the publisher. */
  get mirror(): Mirror | undefined {
    return this.#plan.mirror;
  }

  /**
   * The bytes of the next planned segment; segments are asked for in the plan's order.
   *
   * @throws {BrecciaError} `delta-malformed`, `delta-mismatch`, `chunk-missing` when no mirror has the delta,
   * and the network family.
   */
  async decode(segment: PlannedSegment): Promise<DecodedSegment> {
    this.#decoder ??= await this.#openDecoder();
    const stored = await this.#bytes(segment.storedStart, segment.storedEnd - segment.storedStart);
    return { ...segment, bytes: await this.#decoder.decodeSegment(segment.number, stored) };
  }

  /** Ends a request that is still open. */
  async close(): Promise<void> {
    await this.#open?.answer.cancel();
    this.#open = undefined;
  }

  async #openDecoder(): Promise<DeltaDecoder> {
    const { ref, base } = this.#plan;
    const head = await this.#bytes(0, ref.headBytes);
    const decoder = await DeltaDecoder.open(head, new VerifiedBase(base), this.#written);
    this.#checkHead(decoder);
    return decoder;
  }

  /** The head must say what the signed index, or the advice, says: where it starts, and where segments lie. */
  #checkHead({ head }: DeltaDecoder): void {
    const { ref } = this.#plan;
    const { streamBytes, streamSha256, chunks } = this.#index;
    const same = equalBytes(head.oldSha256, ref.baseSha256) &&
      equalBytes(head.newSha256, streamSha256) && head.newSize === streamBytes &&
      head.segments.length === ref.segments.length;
    const aligned = same &&
      this.#plan.segments.every(({ number, first, end, storedStart, storedEnd }) => {
        const segment = head.segments[number];
        const last = chunks.at(end - 1);
        return segment?.start === chunks.at(first).offset &&
          segment.end === last.offset + last.length && segment.storedStart === storedStart &&
          segment.storedEnd === storedEnd;
      });
    if (!aligned) {
      throw new BrecciaError(
        "delta-mismatch",
        "Cannot use the delta: its head contradicts the signed index; its bytes are fetched instead",
      );
    }
  }

  async #bytes(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#open === undefined || offset >= this.#open.range.offset + this.#open.range.bytes) {
      await this.close();
      this.#open = await this.#request(this.#pending.shift() as DeltaRange);
    }
    const open = this.#open;
    // Piece by piece: what lies between may be claimed to be long.
    while (open.at < offset) {
      open.at += (await open.body.bytes(Math.min(offset - open.at, SKIP_BYTES))).length;
    }
    open.at = offset + length;
    return await open.body.bytes(length);
  }

  async #request(range: DeltaRange): Promise<OpenRange> {
    const { key, mirror } = this.#plan;
    const open = (mirror: Mirror) => this.#requestFrom(mirror, range);
    if (mirror === undefined) return await this.#mirrors.attempt(key, open, this.#signal);
    return await open(mirror);
  }

  async #requestFrom(mirror: Mirror, range: DeltaRange): Promise<OpenRange> {
    const { key, ref } = this.#plan;
    const answer = await this.#answerOf(mirror, range);
    if (answer.status !== 206 && answer.status !== 200) {
      await answer.cancel();
      throw new BrecciaError(
        answer.status === 404 ? "chunk-missing" : "http-status",
        `Cannot fetch ${key} from ${mirror.url.host}: it answered ${answer.status}; chunks are ` +
          `fetched instead`,
      );
    }
    const body = new BodyReader(answer.body, `the delta from ${mirror.url.host}`);
    // A host that knows no ranges sends the delta from its beginning to its end.
    return answer.status === 206
      ? { range, answer, body, at: range.offset }
      : { range: { offset: 0, bytes: ref.bytes }, answer, body, at: 0 };
  }

  /** The whole delta where a mirror sends no ranges, or something else than the range. */
  async #answerOf(mirror: Mirror, { offset, bytes }: DeltaRange): Promise<HttpAnswer> {
    const { key, ref } = this.#plan;
    const request = { maxBytes: ref.bytes, ...(this.#signal && { signal: this.#signal }) };
    if (mirror.knowsRanges === false) return await mirror.send(key, request);
    try {
      const answer = await mirror.send(key, { ...request, range: { offset, length: bytes } });
      if (answer.status !== 416 && answer.status !== 501) return answer;
      await answer.cancel();
    } catch (error) {
      if (!isBrecciaError(error, "http-malformed")) throw error;
    }
    mirror.giveUpRanges();
    return await mirror.send(key, request);
  }
}
