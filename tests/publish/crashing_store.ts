import { BrecciaError } from "../../src/errors.ts";
import type { ManagedStore, PutOptions } from "../../src/ports/mod.ts";

/**
 * A store that fails at the n-th put, as a process that dies there: the object is lost, or it is
 * written and nobody learns of it. Every later put fails too.
 */
export function crashingStore(
  store: ManagedStore,
  crash: { readonly at: number; readonly written: boolean },
): ManagedStore & { readonly crashed: boolean } {
  let puts = 0;
  return {
    get: store.get.bind(store),
    head: store.head.bind(store),
    list: store.list.bind(store),
    delete: store.delete.bind(store),
    async put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<string> {
      const turn = puts++;
      if (turn === crash.at && crash.written) await store.put(key, bytes, options);
      if (turn >= crash.at) throw new BrecciaError("storage-failed", `crashed at ${key}`);
      return await store.put(key, bytes, options);
    },
    get crashed() {
      return puts > crash.at;
    },
  };
}
