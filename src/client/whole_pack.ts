import type { PackRef } from "../index/mod.ts";
import type { Mirror } from "../transport/mod.ts";

/** The pack that a mirror sent last as a whole: what else is wanted of it needs no request. */
export class WholePack {
  #mirror: Mirror | undefined;
  #pack: PackRef | undefined;
  #bytes: Uint8Array = new Uint8Array(0);

  /** Keeps `bytes`, which are not verified, and forgets the pack before. */
  keep(mirror: Mirror, pack: PackRef, bytes: Uint8Array): void {
    this.#mirror = mirror;
    this.#pack = pack;
    this.#bytes = bytes;
  }

  /** What `mirror` sent as `pack`, when it was the last. */
  of(mirror: Mirror, pack: PackRef): Uint8Array | undefined {
    return this.#mirror === mirror && this.#pack === pack ? this.#bytes : undefined;
  }
}
