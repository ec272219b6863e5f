import type { Neighbourhood } from "../residual_coder.ts";
import type { BinaryCoder } from "./binary_coder.ts";
import { ContextMixer } from "./context_mixer.ts";
import { hash2 } from "./hash.ts";
import { LiteralMatch } from "./literal_match.ts";
import { NeighbourMatch } from "./neighbour_match.ts";

/** Contexts of what precedes a byte; a half of it has 16 counters side by side in each, a line of the cache. */
const PRECEDING = 9;
/** Contexts of what is expected from elsewhere. */
const EXPECTED = 5;
const SLOT_BITS = 22;

/** Codes the bytes that no match covers: by what precedes them, and by what the old file has in their place. */
export class LiteralModel {
  readonly #mixer = new ContextMixer({
    contexts: PRECEDING + EXPECTED,
    slotBits: SLOT_BITS,
    sets: [64, 256],
    rate: 16,
    limit: 30,
  });
  readonly #earlier = new LiteralMatch();
  readonly #old = new NeighbourMatch();
  readonly #hashes = new Int32Array(PRECEDING);
  /** Hash of the letters and digits just before. */
  #word = 0;

  /** Forgets everything; its tables are smaller by `shift` bits from now on. */
  reset(shift: number): void {
    this.#mixer.reset(shift);
    this.#earlier.reset(shift);
    this.#word = 0;
  }

  /** Codes `count` bytes at `at` of `output`, which holds all that precedes them. */
  code(
    coder: BinaryCoder,
    output: Uint8Array,
    at: number,
    count: number,
    near: Neighbourhood | undefined,
  ): void {
    this.#earlier.begin(output, at);
    this.#old.begin(near);
    for (let i = 0; i < count; i++) {
      if (i > 0) this.#old.advance(output, at + i);
      this.#earlier.find(output, at + i);
      this.#choose(output, at + i);
      output[at + i] = this.#byte(coder, output[at + i] as number, output[at + i - 1] ?? 0);
    }
  }

  #choose(output: Uint8Array, at: number): void {
    const c1 = output[at - 1] ?? 0;
    const c2 = output[at - 2] ?? 0;
    const c3 = output[at - 3] ?? 0;
    const c4 = output[at - 4] ?? 0;
    const c5 = output[at - 5] ?? 0;
    const last4 = c1 | (c2 << 8) | (c3 << 16) | (c4 << 24);
    const inWord = isWordByte(c1);
    this.#word = inWord ? hash2(this.#word, c1) : 0;
    const h = this.#hashes;
    h[0] = 0;
    h[1] = hash2(1, c1);
    h[2] = hash2(2, last4 & 0xffff);
    h[3] = hash2(3, last4 & 0xff_ffff);
    h[4] = hash2(4, last4);
    h[5] = hash2(hash2(5, last4), c5);
    h[6] = hash2(6, last4 & 0xffff00);
    h[7] = hash2(7, inWord ? this.#word : c2 | (c3 << 8) | ((at & 3) << 16));
    h[8] = hash2(8, last4 & 0xffff_00ff);
  }

  /** Codes a byte from its highest bit; `node` is 1 and the bits so far. */
  #byte(coder: BinaryCoder, byte: number, before: number): number {
    const { index, mask } = this.#mixer;
    const hashes = this.#hashes;
    let node = 1;
    for (let i = 7; i >= 0; i--) {
      if ((i & 3) === 3) {
        for (let k = 0; k < PRECEDING; k++) {
          index[k] = hash2(hashes[k] as number, node) & mask & ~15;
        }
      }
      const half = 1 << (3 - (i & 3));
      const within = (node & (half - 1)) | half;
      for (let k = 0; k < PRECEDING; k++) index[k] = ((index[k] as number) & ~15) | within;
      const confidence = this.#expect(node, i, before);
      node = 2 * node + this.#mixer.code(coder, (byte >>> i) & 1, confidence, node);
    }
    return node & 0xff;
  }

  /** Chooses the contexts of what is expected; returns how much both are to be trusted, under 64. */
  #expect(node: number, i: number, before: number): number {
    const { index, mask } = this.#mixer;
    const { expected, length } = this.#earlier;
    const agrees = expected >= 0 && ((expected | 256) >>> (i + 1)) === node;
    const bit = agrees ? ((expected >>> i) & 1) + 1 : 0;
    const least = Math.min(length, 63);
    index[PRECEDING] = hash2(100 + bit, agrees ? least : node) & mask;
    index[PRECEDING + 1] = hash2(200 + bit, agrees ? expected | (least << 8) : node) & mask;

    const old = this.#old;
    const oldAgrees = old.expected >= 0 && ((old.expected | 256) >>> (i + 1)) === node;
    const oldBit = oldAgrees ? ((old.expected >>> i) & 1) + 1 : 0;
    const oldLength = oldAgrees ? old.length : 0;
    const place = node | ((old.expected + 1) << 8);
    index[PRECEDING + 2] =
      hash2(300 + oldBit, oldLength | (oldAgrees ? Math.min(old.misses, 15) << 8 : 0)) & mask;
    index[PRECEDING + 3] = hash2(400 + Math.min(oldLength, 15), place) & mask;
    index[PRECEDING + 4] = hash2(500 + oldBit, place | (before << 17)) & mask;

    const trust = length === 0 ? 0 : length < 16 ? length >> 1 : Math.min(15, 8 + (length >> 4));
    return trust + 16 * Math.min(3, (old.length + 3) >> 2);
  }
}

function isWordByte(byte: number): boolean {
  const letter = byte | 32;
  return letter >= 97 && letter <= 122 || byte >= 48 && byte <= 57 || byte === 95;
}
