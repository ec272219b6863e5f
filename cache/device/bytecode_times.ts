/** Bytes at the start of a `.pyc` that say what it was made from (PEP 552). */
const HEAD_BYTES = 16;

/** `app/__pycache__/name.cpython-312.pyc`, or `….opt-1.pyc`: made from `app/name.py` (PEP 3147). */
const BYTECODE = /^(.*\/)?__pycache__\/([^./]+)\.[^./]+(?:\.[^./]+)?\.pyc$/;

/**
 * The times that Python's bytecode in a tree names for its sources. Python takes bytecode for stale, and
 * writes it anew, when the source has another time; the bytecode is signed, and says which it wants
 * (docs/adr/0067-times-of-installed-files.md).
 */
export class BytecodeTimes {
  readonly #times = new Map<string, number>();
  #source: string | undefined;
  readonly #head = new Uint8Array(HEAD_BYTES);
  #filled = 0;

  /** Seconds since 1970 by the path of the source. */
  get times(): ReadonlyMap<string, number> {
    return this.#times;
  }

  /** A file begins. */
  begin(path: string): void {
    const [, folder = "", name] = BYTECODE.exec(path) ?? [];
    this.#source = name === undefined ? undefined : `${folder}${name}.py`;
    this.#filled = 0;
  }

  /** The next bytes of the file. */
  see(bytes: Uint8Array): void {
    if (this.#source === undefined) return;
    const part = bytes.subarray(0, HEAD_BYTES - this.#filled);
    this.#head.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled < HEAD_BYTES) return;
    const view = new DataView(this.#head.buffer);
    // Flags other than 0 mean bytecode that is checked by a hash, or not at all.
    if (view.getUint32(4, true) === 0) this.#times.set(this.#source, view.getUint32(8, true));
    this.#source = undefined;
  }
}
