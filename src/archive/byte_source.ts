import { concatBytes } from "../bytes/mod.ts";

/** A stream of bytes, taken piece by piece, with a look ahead. */
export class ByteSource {
  readonly #parts: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);
  #ended = false;

  /** Reads `stream`, which is read no further than what was asked for. */
  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#parts = stream[Symbol.asyncIterator]();
  }

  /** The next `count` bytes without taking them; fewer at the end. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#held.length < count && await this.#more());
    return this.#held.subarray(0, count);
  }

  /** Takes 1 to `most` bytes, whatever is at hand; none at the end. A view that stays as it is. */
  async take(most: number): Promise<Uint8Array> {
    if (this.#held.length === 0) await this.#more();
    const taken = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(taken.length);
    return taken;
  }

  /** Gives back bytes that were taken last. */
  giveBack(bytes: Uint8Array): void {
    const { buffer, byteOffset } = this.#held;
    if (bytes.length === 0) return;
    // Taking left both in one buffer, side by side: archives of tiny members must not copy it each time.
    if (bytes.buffer === buffer && bytes.byteOffset + bytes.length === byteOffset) {
      this.#held = new Uint8Array(buffer, bytes.byteOffset, bytes.length + this.#held.length);
    } else this.#held = concatBytes([bytes, this.#held]);
  }

  async #more(): Promise<boolean> {
    while (!this.#ended) {
      const { done, value } = await this.#parts.next();
      if (done) this.#ended = true;
      else if (value.length > 0) {
        this.#held = this.#held.length === 0 ? value : concatBytes([this.#held, value]);
        return true;
      }
    }
    return false;
  }
}
