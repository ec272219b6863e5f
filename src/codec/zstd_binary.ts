/**
 * The WebAssembly of zstd, from the package that brings it. In a checkout it lies beside that package's entry; what
 * `bin/` builds for others has this module replaced by one that holds the bytes (`bin/bundle.ts`), since
 * no two bundlers, workers and servers find a file beside a module in the same way.
 */
export async function zstdBinary(): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL("zstd.wasm", import.meta.resolve("@bokuweb/zstd-wasm"));
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}
