import type { AddressMap } from "./address_map.ts";
import { AddressResolver } from "./address_resolver.ts";
import { PairFinder, type PairLayout, type Region } from "./pair_layout.ts";
import { ARM64_BRANCH, ARM64_LOW, arm64Page, Arm64Reference } from "./arm64_reference.ts";
import type { ResidualCoder } from "./residual_coder.ts";
import { WordPredictor } from "./word_predictor.ts";
import { X86_BRANCH, X86_LEADS, x86Reference } from "./x86_reference.ts";

/** Old bytes that must be readable on each side of a match: instructions are judged by neighbours. */
export const CONTEXT_BYTES = 24;

/** A buffer with its view for numbers. */
export interface Buffer32 {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * Walks a match and guesses each byte, reference and word of the new file from the old one. Encoder
 * and decoder run this same code; they differ only in the {@linkcode ResidualCoder}.
 */
export class Prediction {
  readonly #oldPairs: PairFinder;
  readonly #newPairs: PairFinder;
  readonly #resolver: AddressResolver;
  readonly #words: WordPredictor;
  readonly #instruction = new Arm64Reference();

  /** Predicts with these images and this map of where old bytes went. */
  constructor(pairs: readonly PairLayout[], map: AddressMap) {
    this.#oldPairs = new PairFinder(pairs, "old");
    this.#newPairs = new PairFinder(pairs, "new");
    this.#resolver = new AddressResolver(map);
    this.#words = new WordPredictor(this.#resolver);
  }

  /** Starts a segment: nothing learnt before it counts, so that it can be decoded alone. */
  reset(): void {
    this.#resolver.reset();
    this.#words.reset();
  }

  /**
   * Codes a match: `count` bytes at `offset` of the old file, of which `old` holds a copy at `at` with
   * {@linkcode CONTEXT_BYTES} around it, to `newOffset` of the new file, at `outputAt` of `output`.
   */
  match(
    coder: ResidualCoder,
    old: Buffer32,
    at: number,
    offset: number,
    output: Buffer32,
    outputAt: number,
    newOffset: number,
    count: number,
  ): void {
    while (count > 0) {
      const from = this.#oldPairs.atOrAfter(offset);
      const to = this.#newPairs.atOrAfter(newOffset);
      const oldStretch = stretch(offset, from?.old.tables.extent);
      const newStretch = stretch(newOffset, to?.new.tables.extent);
      const length = Math.min(count, oldStretch.length, newStretch.length);
      if (from !== undefined && from === to && oldStretch.inside && newStretch.inside) {
        this.#image(coder, from, old, at, offset, output, outputAt, newOffset, length);
      } else {
        coder.bytes(old.bytes, at, output.bytes, outputAt, length);
      }
      at += length;
      offset += length;
      outputAt += length;
      newOffset += length;
      count -= length;
    }
  }

  #image(
    coder: ResidualCoder,
    pair: PairLayout,
    old: Buffer32,
    at: number,
    offset: number,
    output: Buffer32,
    outputAt: number,
    newOffset: number,
    count: number,
  ): void {
    let done = 0;
    while (done < count) {
      const region = pair.regionAt(offset + done);
      const end = Math.min(count, region.end - offset);
      const walk = !region.executable ? this.#data : pair.arm64 ? this.#arm64 : this.#x86;
      done += walk.call(
        this,
        coder,
        pair,
        region,
        old,
        at + done,
        offset + done,
        output,
        outputAt + done,
        newOffset + done,
        end - done,
        count - done,
      );
    }
  }

  /** Code: references where they are recognised and their target is in the image, else bytes. */
  #x86(
    coder: ResidualCoder,
    pair: PairLayout,
    region: Region,
    old: Buffer32,
    at: number,
    offset: number,
    output: Buffer32,
    outputAt: number,
    newOffset: number,
    count: number,
    available: number,
  ): number {
    const code = old.bytes;
    const resolver = this.#resolver;
    let pending = 0;
    let i = 0;
    if (region.delta !== undefined) {
      const address = offset + region.delta + 4;
      const last = Math.min(count, available - 3);
      while (i < last) {
        if (X86_LEADS[code[at + i - 1] as number] === 0) {
          i++;
          continue;
        }
        const kind = x86Reference(code, at + i);
        if (kind === 0) {
          i++;
          continue;
        }
        const target = address + i + old.view.getInt32(at + i, true);
        const newAddress = pair.new.addressOf(newOffset + i);
        const accepted = newAddress >= 0 &&
          (kind === X86_BRANCH ? pair.old.isCode(target) : pair.old.holds(target));
        if (!accepted) {
          i++;
          continue;
        }
        if (pending < i) {
          coder.bytes(code, at + pending, output.bytes, outputAt + pending, i - pending);
        }
        const next = newAddress + 4;
        const guess = (resolver.resolve(pair, target) - next) | 0;
        const actual = coder.reference(guess, output.view, outputAt + i);
        resolver.learn(pair, target, next + actual);
        i += 4;
        pending = i;
      }
    }
    if (i < count) i = count;
    if (pending < i) {
      coder.bytes(code, at + pending, output.bytes, outputAt + pending, i - pending);
    }
    return i;
  }

  /** Aligned code: whole instructions where they refer to the image, else bytes. */
  #arm64(
    coder: ResidualCoder,
    pair: PairLayout,
    region: Region,
    old: Buffer32,
    at: number,
    offset: number,
    output: Buffer32,
    outputAt: number,
    newOffset: number,
    count: number,
    available: number,
  ): number {
    const instruction = this.#instruction;
    const last = Math.min(count, available - 3);
    let pending = 0;
    let i = -offset & 3;
    if (region.delta === undefined || (offset - newOffset) % 4 !== 0) i = last;
    for (; i < last; i += 4) {
      const address = offset + i + (region.delta as number);
      const before = offset + i - region.codeStart;
      const after = region.codeEnd - offset - i;
      if (!instruction.read(old.view, at + i, address, before, after)) continue;
      const newAddress = pair.new.addressOf(newOffset + i);
      const target = instruction.target;
      if (newAddress < 0 || !pair.old.holds(target)) continue;
      if (pending < i) {
        coder.bytes(old.bytes, at + pending, output.bytes, outputAt + pending, i - pending);
      }
      const word = old.view.getInt32(at + i, true);
      const resolved = this.#resolver.resolve(pair, target);
      const guess = instruction.withTarget(word, resolved, newAddress);
      const actual = coder.reference(guess, output.view, outputAt + i);
      this.#learnArm64(pair, target, guess, actual, newAddress, output.view, outputAt + i);
      pending = i + 4;
    }
    const end = Math.max(count, pending);
    if (pending < end) {
      coder.bytes(old.bytes, at + pending, output.bytes, outputAt + pending, end - pending);
    }
    return end;
  }

  /** An instruction tells its target when it is a branch, or completes an `ADRP` in the same segment. */
  #learnArm64(
    pair: PairLayout,
    target: number,
    guess: number,
    actual: number,
    newAddress: number,
    output: DataView,
    at: number,
  ): void {
    const { kind, distance, scale } = this.#instruction;
    if (kind === ARM64_BRANCH) {
      if (actual >>> 26 !== guess >>> 26) return;
      this.#resolver.learn(pair, target, newAddress + ((actual << 6) >> 4));
    } else if (kind === ARM64_LOW && at >= distance) {
      const page = arm64Page(output.getUint32(at - distance, true), newAddress - distance);
      if (page >= 0) {
        this.#resolver.learn(pair, target, page + (((actual >>> 10) & 0xfff) << scale));
      }
    }
  }

  /** Data: aligned words where both sides are aligned alike, else bytes. */
  #data(
    coder: ResidualCoder,
    pair: PairLayout,
    region: Region,
    old: Buffer32,
    at: number,
    offset: number,
    output: Buffer32,
    outputAt: number,
    newOffset: number,
    count: number,
  ): number {
    const lead = -offset & 3;
    const words = (offset - newOffset) % 4 === 0 ? (count - lead) >> 2 : 0;
    if (words <= 0) {
      coder.bytes(old.bytes, at, output.bytes, outputAt, count);
      return count;
    }
    if (lead > 0) coder.bytes(old.bytes, at, output.bytes, outputAt, lead);
    const end = lead + 4 * words;
    for (let i = lead; i < end; i += 4) {
      const newAddress = pair.new.addressOf(newOffset + i);
      const guess = this.#words.predict(pair, region, offset + i, newAddress, old.view, at + i);
      const actual = coder.word(guess, output.view, outputAt + i);
      this.#words.update(pair, newAddress, actual);
    }
    if (end < count) {
      coder.bytes(old.bytes, at + end, output.bytes, outputAt + end, count - end);
    }
    return count;
  }
}

/** How far `offset` is from the next edge of `extent`, and on which side of it. */
function stretch(
  offset: number,
  extent: { start: number; end: number } | undefined,
): { length: number; inside: boolean } {
  if (extent === undefined) return { length: Infinity, inside: false };
  if (offset < extent.start) return { length: extent.start - offset, inside: false };
  return { length: extent.end - offset, inside: true };
}
