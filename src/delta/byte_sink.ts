/** A growing stream of bytes and varints, reused from segment to segment. */
export class ByteSink {
  #bytes = new Uint8Array(64 * 1024);
  length = 0;

  /** Appends one byte. */
  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.length++] = value;
  }

  /** Appends `value`, under 2^32, as unsigned LEB128. */
  varint(value: number): void {
    if (this.length + 5 > this.#bytes.length) this.#grow(5);
    while (value >= 0x80) {
      this.#bytes[this.length++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.#bytes[this.length++] = value;
  }

  /** Appends `bytes`. */
  append(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** What was appended, valid until the next append. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Forgets the content and keeps the memory. */
  clear(): void {
    this.length = 0;
  }

  #grow(needed: number): void {
    const length = Math.max(2 * this.#bytes.length, this.length + needed);
    this.#bytes = new Uint8Array(this.#bytes.buffer.transfer(length));
  }
}
