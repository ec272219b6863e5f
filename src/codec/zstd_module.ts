/** The module's memory could not grow: the machine, or the isolate, has no more. */
export class OutOfWasmMemory extends Error {
  override readonly name = "OutOfWasmMemory";
}

/** zstd could not do what it was asked for: its input is broken. */
export class ZstdFailure extends Error {
  override readonly name = "ZstdFailure";
}

/**
 * The names of zstd's functions in the module of @bokuweb/zstd-wasm 0.0.27, which is pinned: its compiler shortened
 * them. Others would fail the tests of this room.
 */
interface ZstdExports {
  /** Linear memory. */
  readonly f: WebAssembly.Memory;
  /** Runs constructors; once, before all else. */
  g(): void;
  /** `ZSTD_isError` */
  h(code: number): number;
  /** `ZSTD_compressBound` */
  i(bytes: number): number;
  /** `ZSTD_createCCtx` */
  j(): number;
  /** `ZSTD_freeCCtx` */
  k(context: number): number;
  /** `ZSTD_compress_usingDict` */
  l(
    ...args: [
      context: number,
      to: number,
      room: number,
      from: number,
      bytes: number,
      dictionary: number,
      dictionaryBytes: number,
      level: number,
    ]
  ): number;
  /** `ZSTD_compress` */
  m(to: number, room: number, from: number, bytes: number, level: number): number;
  /** `ZSTD_decompress` */
  r(to: number, room: number, from: number, bytes: number): number;
  /** `malloc` */
  s(bytes: number): number;
  /** `free` */
  t(address: number): void;
}

const PAGE_BYTES = 65_536;
/** Addresses are 32 bits with a sign in places. */
const MOST_BYTES = 2 ** 31;

/**
 * zstd's own functions over the memory of one WebAssembly instance. All that a call takes is freed when it ends; where
 * there is no memory it throws, and the instance stays whole.
 */
export class ZstdModule {
  readonly #zstd: ZstdExports;
  #taken: number[] = [];

  private constructor(zstd: ZstdExports) {
    this.#zstd = zstd;
  }

  /** An instance of `compiled`, which is the module of the pinned package. */
  static async start(compiled: WebAssembly.Module): Promise<ZstdModule> {
    const of: { memory?: WebAssembly.Memory } = {};
    const stop = (): never => {
      throw new ZstdFailure("the module ended by itself");
    };
    // proc_exit, keepalive_clear, abort, setitimer and resize_heap, in the compiler's letters.
    const imports = {
      a: stop,
      b: () => {},
      c: stop,
      d: () => 0,
      e: (bytes: number) => of.memory !== undefined && grow(of.memory, bytes >>> 0),
    };
    const instance = await WebAssembly.instantiate(compiled, { a: imports });
    const zstd = instance.exports as unknown as ZstdExports;
    of.memory = zstd.f;
    zstd.g();
    return new ZstdModule(zstd);
  }

  /**
   * One frame with the content `bytes`.
   *
   * @throws {OutOfWasmMemory} and {@linkcode ZstdFailure}
   */
  compress(bytes: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
    return this.#call(() => {
      const room = this.#zstd.i(bytes.length);
      const [to, from] = [this.#take(room), this.#copyIn(bytes)];
      return this.#copyOut(to, this.#zstd.m(to, room, from, bytes.length, level));
    });
  }

  /** The same with a raw dictionary. */
  compressWith(
    dictionary: Uint8Array,
    bytes: Uint8Array,
    level: number,
  ): Uint8Array<ArrayBuffer> {
    return this.#call(() => {
      const context = this.#zstd.j();
      if (context === 0) throw new OutOfWasmMemory("no room for a context");
      try {
        const room = this.#zstd.i(bytes.length);
        const [to, from, side] = [
          this.#take(room),
          this.#copyIn(bytes),
          this.#copyIn(dictionary),
        ];
        const { length } = bytes;
        const code = this.#zstd.l(context, to, room, from, length, side, dictionary.length, level);
        return this.#copyOut(to, code);
      } finally {
        this.#zstd.k(context);
      }
    });
  }

  /** The content of a frame, at most `contentBytes` long. */
  decompress(frame: Uint8Array, contentBytes: number): Uint8Array<ArrayBuffer> {
    return this.#call(() => {
      const [from, to] = [this.#copyIn(frame), this.#take(contentBytes)];
      return this.#copyOut(to, this.#zstd.r(to, contentBytes, from, frame.length));
    });
  }

  #call<T>(work: () => T): T {
    this.#taken = [];
    try {
      return work();
    } finally {
      for (const address of this.#taken) this.#zstd.t(address);
    }
  }

  #take(bytes: number): number {
    // Of nothing, too, an address: 0 says that there is no memory.
    const address = this.#zstd.s(Math.max(bytes, 1)) >>> 0;
    if (address === 0) throw new OutOfWasmMemory(`no room for ${bytes} bytes`);
    this.#taken.push(address);
    return address;
  }

  #copyIn(bytes: Uint8Array): number {
    const address = this.#take(bytes.length);
    new Uint8Array(this.#zstd.f.buffer).set(bytes, address);
    return address;
  }

  #copyOut(address: number, code: number): Uint8Array<ArrayBuffer> {
    if (this.#zstd.h(code) !== 0) throw new ZstdFailure(`zstd answered ${code}`);
    return new Uint8Array(this.#zstd.f.buffer, address, code >>> 0).slice() as Uint8Array<
      ArrayBuffer
    >;
  }
}

/** Makes room for `bytes` and a fifth more, or at least for what is asked. */
function grow(memory: WebAssembly.Memory, bytes: number): boolean {
  if (bytes > MOST_BYTES) return false;
  const held = memory.buffer.byteLength;
  for (const wanted of [Math.max(bytes, Math.min(held * 1.2, MOST_BYTES)), bytes]) {
    try {
      memory.grow(Math.ceil((wanted - held) / PAGE_BYTES));
      return true;
    } catch {
      // Less may be there.
    }
  }
  return false;
}
