import type { AddressMap } from "./address_map.ts";
import { AddressResolver } from "./address_resolver.ts";
import { Arm64Code } from "./arm64_code.ts";
import { DataWords } from "./data_words.ts";
import type { Architecture } from "./image.ts";
import { PairFinder, type PairLayout } from "./pair_layout.ts";
import type { ResidualCoder } from "./residual_coder.ts";
import type { Buffer32, RegionPredictor, Stretch } from "./stretch.ts";
import { WasmCode } from "./wasm_code.ts";
import { WordPredictor } from "./word_predictor.ts";
import { X86Code } from "./x86_code.ts";

/**
 * Walks a match and guesses each byte, reference and word of the new file from the old one. Encoder
 * and decoder run this same code; they differ only in the {@linkcode ResidualCoder}.
 */
export class Prediction {
  readonly #oldPairs: PairFinder;
  readonly #newPairs: PairFinder;
  readonly #resolver: AddressResolver;
  readonly #words: WordPredictor;
  readonly #wasm: WasmCode;
  readonly #data: DataWords;
  readonly #code: Readonly<Record<Architecture, RegionPredictor>>;

  /** Predicts with these images and this map of where old bytes went. */
  constructor(pairs: readonly PairLayout[], map: AddressMap) {
    this.#oldPairs = new PairFinder(pairs, "old");
    this.#newPairs = new PairFinder(pairs, "new");
    this.#resolver = new AddressResolver(map);
    this.#words = new WordPredictor(this.#resolver);
    this.#wasm = new WasmCode(this.#resolver);
    this.#data = new DataWords(this.#words);
    this.#code = {
      "x86-64": new X86Code(this.#resolver),
      "arm64": new Arm64Code(this.#resolver),
      "wasm": this.#wasm,
    };
  }

  /** Starts a segment: nothing learnt before it counts, so that it can be decoded alone. */
  reset(): void {
    this.#resolver.reset();
    this.#words.reset();
    this.#wasm.reset();
  }

  /**
   * Codes a match: `count` bytes at `offset` of the old file, of which `old` holds a copy at `at` with
   * `CONTEXT_BYTES` around it, to `newOffset` of the new file, at `outputAt` of `output`.
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
    for (let done = 0; done < count;) {
      const from = this.#oldPairs.atOrAfter(offset + done);
      const to = this.#newPairs.atOrAfter(newOffset + done);
      const oldEdge = distance(offset + done, from?.old.tables.extent);
      const newEdge = distance(newOffset + done, to?.new.tables.extent);
      const length = Math.min(count - done, Math.abs(oldEdge), Math.abs(newEdge));
      if (from !== undefined && from === to && oldEdge > 0 && newEdge > 0) {
        this.#image(
          coder,
          from,
          old,
          at + done,
          offset + done,
          output,
          outputAt + done,
          newOffset + done,
          length,
        );
      } else {
        coder.bytes(old.bytes, at + done, output.bytes, outputAt + done, length);
      }
      done += length;
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
    length: number,
  ): void {
    const code = this.#code[pair.architecture];
    for (let done = 0; done < length;) {
      const region = pair.regionAt(offset + done);
      const stretch: Stretch = {
        coder,
        pair,
        region,
        old,
        at: at + done,
        offset: offset + done,
        output,
        outputAt: outputAt + done,
        newOffset: newOffset + done,
        count: Math.min(length, region.end - offset) - done,
        available: length - done,
      };
      done += (region.executable ? code : this.#data).code(stretch);
    }
  }
}

/** How far `offset` is from the next edge of `extent`: positive inside it, negative before it. */
function distance(offset: number, extent: { start: number; end: number } | undefined): number {
  if (extent === undefined) return -Infinity;
  return offset < extent.start ? offset - extent.start : extent.end - offset;
}
