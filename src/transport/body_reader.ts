import { BrecciaError } from "../errors.ts";

/** Reads a body in pieces of chosen lengths, in memory of one piece and one part. */
export class BodyReader {
  readonly #parts: AsyncIterator<Uint8Array>;
  readonly #what: string;
  #part: Uint8Array = new Uint8Array(0);

  /** Reads `body`; failures name `what`. */
  constructor(body: AsyncIterable<Uint8Array>, what: string) {
    this.#parts = body[Symbol.asyncIterator]();
    this.#what = what;
  }

  /**
   * The next `length` bytes, in an array of their own.
   *
   * @throws {BrecciaError} `response-truncated` when fewer are left, and what the body throws.
   */
  async bytes(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      if (this.#part.length === 0) {
        const { done, value } = await this.#parts.next();
        if (done) {
          throw new BrecciaError(
            "response-truncated",
            `Cannot use ${this.#what}: it ends ${length - filled} bytes early; try again`,
          );
        }
        this.#part = value;
      }
      const taken = this.#part.subarray(0, length - filled);
      bytes.set(taken, filled);
      this.#part = this.#part.subarray(taken.length);
      filled += taken.length;
    }
    return bytes;
  }

  /** Reads what is left, which should be nothing. */
  async end(): Promise<void> {
    if (this.#part.length === 0 && (await this.#parts.next()).done) return;
    throw new BrecciaError(
      "http-malformed",
      `Cannot use ${this.#what}: more follows its end; use another mirror`,
    );
  }
}
