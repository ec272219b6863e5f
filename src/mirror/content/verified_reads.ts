import { isBrecciaError } from "../../errors.ts";
import { type ObjectStore, silentTracer, type Tracer } from "../../ports/mod.ts";
import { SingleFlight } from "../fetch/single_flight.ts";
import { hasNamedDigest } from "./named_digest.ts";

/** Verified objects kept in memory, in bytes altogether; the one used last is kept whatever its length. */
const KEPT_BYTES = 4 * 1024 * 1024;

/** Objects being read at once, in bytes altogether; one that is longer is read alone. */
const READING_BYTES = 4 * 1024 * 1024;

/**
 * Reads objects that are named by their digest, whole, and hands out only bytes that were hashed: a disk
 * that flips a bit changes no time stamp, so that nothing short of hashing these very bytes will do. Those
 * used last are kept in memory, where no disk reaches them, and cost no read and no hash.
 */
export class VerifiedReads {
  readonly #store: ObjectStore;
  readonly #tracer: Tracer;
  readonly #reading = new SingleFlight<Uint8Array<ArrayBuffer> | undefined>();
  /** In order of use, the oldest first. */
  readonly #kept = new Map<string, Uint8Array<ArrayBuffer>>();
  #keptBytes = 0;
  #readingBytes = 0;
  #ended = Promise.withResolvers<void>();

  /** Reads from `store`. */
  constructor(store: ObjectStore, tracer: Tracer = silentTracer) {
    this.#store = store;
    this.#tracer = tracer;
  }

  /**
   * The bytes of an object that is in memory, `undefined` also when it has another length than is licensed.
   * Must not be changed.
   */
  kept(key: string, length: number): Uint8Array<ArrayBuffer> | undefined {
    const bytes = this.#kept.get(key);
    if (bytes?.length !== length) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, bytes);
    return bytes;
  }

  /**
   * The bytes of the object `key`, which has `length` bytes, at most 16 MiB; `undefined` when it is not in
   * the store or damaged there. Must not be changed.
   *
   * @throws {BrecciaError} of the storage family.
   */
  async read(key: string, length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.kept(key, length) ?? await this.#reading.join(`${key} ${length}`, async () => {
      while (this.#readingBytes > 0 && this.#readingBytes + length > READING_BYTES) {
        await this.#ended.promise;
      }
      this.#readingBytes += length;
      try {
        const bytes = await this.#fromStore(key);
        if (bytes?.length !== length || !await this.#isSound(key, bytes)) return undefined;
        this.#keep(key, bytes);
        return bytes;
      } finally {
        this.#readingBytes -= length;
        this.#ended.resolve();
        this.#ended = Promise.withResolvers();
      }
    });
  }

  /** What the medium can't give back counts as damaged: it is brought again, to another place there. */
  async #fromStore(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return (await this.#store.get(key))?.bytes;
    } catch (error) {
      if (isBrecciaError(error, "storage-corrupt")) return undefined;
      throw error;
    }
  }

  async #isSound(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    return await this.#tracer.span("breccia.verify", { "breccia.key": key }, async () => {
      return await hasNamedDigest(key, bytes) === true;
    });
  }

  #keep(key: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.#kept.set(key, bytes);
    this.#keptBytes += bytes.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES || oldest === key) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= length;
    }
  }
}
