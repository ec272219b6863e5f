/**
 * The allocator's names among the exports of @bokuweb/zstd-wasm 0.0.27, which is pinned. Others would fail
 * the tests of this room.
 */
const MALLOC = "s";
const FREE = "t";

/** The module's memory could not grow: the machine, or the isolate, has no more. */
export class OutOfWasmMemory extends Error {
  override readonly name = "OutOfWasmMemory";
}

/**
 * Stands between the zstd library and its module's allocator. The library goes on with address 0 when there is no
 * memory, and so writes over the module's own data; here that is an exception, and what the call had taken is freed.
 */
export class WasmHeap {
  #free: (address: number) => void = () => {};
  #taken: number[] = [];

  /** Runs `start`, in which the library instantiates its module: `compiled`, where no runtime may compile bytes. */
  async guard(start: () => Promise<void>, compiled?: WebAssembly.Module): Promise<void> {
    const { instantiate, instantiateStreaming } = WebAssembly;
    const guarded = ({ instance, module }: WebAssembly.WebAssemblyInstantiatedSource) => ({
      module,
      instance: { exports: this.#guarded(instance.exports) },
    });
    Object.assign(WebAssembly, {
      instantiate: async (bytes: BufferSource, imports: WebAssembly.Imports) =>
        guarded(
          compiled === undefined
            ? await instantiate(bytes, imports)
            : { module: compiled, instance: await instantiate(compiled, imports) },
        ),
      ...(instantiateStreaming === undefined ? {} : {
        instantiateStreaming: async (source: Response, imports: WebAssembly.Imports) =>
          guarded(await instantiateStreaming(source, imports)),
      }),
    });
    try {
      await start();
    } finally {
      Object.assign(WebAssembly, { instantiate, instantiateStreaming });
    }
  }

  /**
   * Runs one call of the library.
   *
   * @throws {OutOfWasmMemory} when its bytes found no room; nothing is kept then.
   */
  call<T>(work: () => T): T {
    this.#taken = [];
    try {
      return work();
    } catch (error) {
      if (error instanceof OutOfWasmMemory) this.#taken.forEach(this.#free);
      throw error;
    }
  }

  #guarded(exports: WebAssembly.Exports): WebAssembly.Exports {
    const malloc = exports[MALLOC] as (bytes: number) => number;
    const free = exports[FREE] as (address: number) => void;
    this.#free = (address) => free(address);
    const take = (bytes: number): number => {
      const address = malloc(bytes);
      if (address === 0) throw new OutOfWasmMemory(`no room for ${bytes} bytes`);
      this.#taken.push(address);
      return address;
    };
    return { ...exports, [MALLOC]: take };
  }
}
