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

/**
 * The state of a deflate stream as GNU gzip keeps it: zlib's at memory level 9, but with the hash of level
 * 8, and with a guess, every 4096 symbols at level 3 and up, at whether to end the block early.
 *
 * zlib ends a block when `sym_next` reaches `sym_end`, and asks for the latter after each symbol, so that
 * answering that question is enough. The accessor stands on a prototype: one defined on the object itself
 * makes engines read all of the object six times as slowly.
 */
export function gnuState<State extends DeflateState>(state: State): State {
  const gnu = Object.assign(new GnuState(), state) as unknown as State;
  gnu.hash_bits = HASH_BITS;
  gnu.hash_size = 1 << HASH_BITS;
  gnu.hash_mask = gnu.hash_size - 1;
  gnu.hash_shift = Math.ceil(HASH_BITS / 3);
  gnu.head = new Uint16Array(gnu.hash_size);
  return gnu;
}

class GnuState {
  #full = 0;

  /** Where the buffer is full. */
  set sym_end(full: number) {
    this.#full = full;
  }

  /** `sym_next` when the block shall end now. */
  get sym_end(): number {
    const state = this as unknown as DeflateState;
    const symbols = state.sym_next / SYMBOL_BYTES;
    if (state.level <= 2 || (symbols & PONDER_SYMBOLS) !== 0) return this.#full;
    return endsEarly(state, symbols) ? state.sym_next : this.#full;
  }
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
