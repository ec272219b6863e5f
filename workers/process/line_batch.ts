/** How long a line may wait for others, in milliseconds. */
const WAIT_MILLISECONDS = 20;

/** Hands lines on several at a time: a message between threads for each would cost more than an answer. */
export class LineBatch {
  readonly #hand: (lines: string) => void;
  #lines: string[] = [];

  /** Hands lines to `hand`, joined by line feeds. */
  constructor(hand: (lines: string) => void) {
    this.#hand = hand;
  }

  /** Adds a line, without the line feed at its end. */
  add(line: string): void {
    if (this.#lines.length === 0) setTimeout(() => this.flush(), WAIT_MILLISECONDS);
    this.#lines.push(line);
  }

  /** Hands on what waits. */
  flush(): void {
    if (this.#lines.length === 0) return;
    this.#hand(this.#lines.join("\n"));
    this.#lines = [];
  }
}
