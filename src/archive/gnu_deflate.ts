/** What pako keeps of a deflate stream, as far as gzip(1) differs from zlib in it. */
export interface DeflateState {
  hash_bits: number;
  hash_size: number;
  hash_mask: number;
  hash_shift: number;
  head: Uint16Array;
  sym_next: number;
  sym_end: number;
  matches: number;
  strstart: number;
  block_start: number;
  readonly level: number;
  readonly dyn_dtree: Uint16Array;
}

/** Extra bits of each distance code (RFC 1951, section 3.2.5). */
const EXTRA_DISTANCE_BITS = Array.from({ length: 30 }, (_, code) => Math.max(0, (code >> 1) - 1));

/** Hash of gzip(1): 15 bits whatever the length of its symbol buffer. */
const HASH_BITS = 15;

/** Symbols after which gzip(1) thinks about ending a block. */
const PONDER_SYMBOLS = 0xfff;

/** A symbol takes three bytes in pako's buffer. */
const SYMBOL_BYTES = 3;

/** Where gzip(1) thinks next, in pako's buffer. */
const PONDER_BYTES = SYMBOL_BYTES * (PONDER_SYMBOLS + 1);

/** Below this level gzip(1) does not think. */
const PONDER_LEVEL = 3;

/**
 * The state of a deflate stream as GNU gzip keeps it: zlib's at memory level 9, but with the hash of level
 * 8, and with a guess, every 4096 symbols at level 3 and up, at whether to end the block early.
 *
 * zlib ends a block when `sym_next` reaches `sym_end`, and asks for the latter after each symbol, so that
 * answering that question is enough.
 */
export function gnuState<State extends DeflateState>(state: State): State {
  gnuClass ??= gnuClassOf(state.constructor as new () => DeflateState);
  const gnu = Object.assign(new gnuClass(), state);
  gnu.hash_bits = HASH_BITS;
  gnu.hash_size = 1 << HASH_BITS;
  gnu.hash_mask = gnu.hash_size - 1;
  gnu.hash_shift = Math.ceil(HASH_BITS / 3);
  gnu.head = new Uint16Array(gnu.hash_size);
  return gnu as State;
}

let gnuClass: (new () => DeflateState) | undefined;

/**
 * A kind of state whose `sym_end` is an accessor. It is a class derived from pako's, whose constructor then
 * calls the setter: an object made in another way has slow properties, and engines would take two to six
 * times as long.
 */
function gnuClassOf(base: new () => DeflateState): new () => DeflateState {
  return class extends (base as new () => object) {
    declare level: number;
    declare sym_next: number;
    /** Where the buffer is full. */
    declare full: number;
    /** Where the next guess is made. */
    declare ponder: number;

    set sym_end(full: number) {
      this.full = full;
      this.ponder = PONDER_BYTES;
    }

    /** `sym_next` when the block shall end now. */
    get sym_end(): number {
      if (this.sym_next < this.ponder) return this.full;
      const ends = this.#ponders();
      this.ponder = ends ? PONDER_BYTES : Math.min(this.ponder + PONDER_BYTES, this.full);
      return ends ? this.sym_next : this.full;
    }

    #ponders(): boolean {
      if (this.sym_next >= this.full) return true;
      if (this.level < PONDER_LEVEL) return false;
      return endsEarly(this as unknown as DeflateState, this.sym_next / SYMBOL_BYTES);
    }
  } as unknown as new () => DeflateState;
}

/** gzip's `ct_tally`: an upper bound of the block's length, when few symbols of it are matches. */
function endsEarly(state: DeflateState, symbols: number): boolean {
  let bits = symbols * 8;
  for (const [code, extra] of EXTRA_DISTANCE_BITS.entries()) {
    bits += state.dyn_dtree[2 * code]! * (5 + extra);
  }
  const bytes = Math.floor(bits / 8);
  const plain = state.strstart - state.block_start;
  return state.matches < Math.floor(symbols / 2) && bytes < Math.floor(plain / 2);
}
