import { encodeHex, sha256 } from "../../bytes/mod.ts";
import { isBrecciaError } from "../../errors.ts";
import { decodeDeltaAdvice, type DeltaAdvice, encodeDeltaAdvice } from "../../index/mod.ts";
import type { Clock, ManagedStore } from "../../ports/mod.ts";
import type { ContentStore } from "../content/content_store.ts";
import type { ServedFile } from "../content/served_file.ts";
import { isMadeDeltaKey, madeDeltaKey } from "../state/store_layout.ts";
import type { LicensedFile } from "../content/verified_object.ts";

/** What is known of a delta that was made here. */
interface Shelved {
  readonly file: LicensedFile;
  /** Bytes in the store. */
  readonly bytes: number;
  /** What one use saves, in bytes. */
  readonly saves: number;
  /** Uses, each worth half as much a day later, as of `at`. */
  uses: number;
  at: number;
}

/** After so long a use counts half, in milliseconds. */
const HALF_LIFE = 24 * 60 * 60_000;

/** More deltas than a repository's devices start from: bounds what is remembered of them. */
const MOST = 1024;

/**
 * The deltas that an edge made, within a budget of bytes. The least valuable ones go first: value is what
 * a delta saves in a use, times its uses of late, per byte that it takes. Uses are counted in memory; after
 * a restart all begin with one.
 */
export class DeltaCache {
  readonly #store: ManagedStore;
  readonly #content: ContentStore;
  readonly #budget: number;
  readonly #clock: Clock;
  #shelved: Promise<Map<string, Shelved>> | undefined;

  /** Keeps up to `budget` bytes of deltas in `store`, which `content` reads. */
  constructor(
    { store, content, budget, clock }: {
      readonly store: ManagedStore;
      readonly content: ContentStore;
      readonly budget: number;
      readonly clock: Clock;
    },
  ) {
    this.#store = store;
    this.#content = content;
    this.#budget = budget;
    this.#clock = clock;
  }

  /** The advice on the delta of a pair, whose delta is there; `undefined` when there is none. */
  async advice(pair: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const found = await this.#read(pair);
    if (found === undefined) return undefined;
    if (await this.#content.has("deltas", fileOf(found.advice))) return found.bytes;
    await this.#drop(pair, fileOf(found.advice));
    return undefined;
  }

  /** The delta of a pair under its own SHA-256 in hex; `undefined` when it is not there, or damaged. */
  async open(pair: string, name: string): Promise<ServedFile | undefined> {
    const found = await this.#read(pair);
    if (found === undefined || encodeHex(found.advice.sha256) !== name) return undefined;
    const file = fileOf(found.advice);
    // Nobody else has it: what is damaged goes, and may be made again.
    const drop = () => this.#drop(pair, file);
    const opened = await this.#content.open("deltas", file, drop);
    if (opened === undefined) await drop();
    return opened;
  }

  /** Counts a use. */
  async used(pair: string): Promise<void> {
    const entry = (await this.#entries()).get(pair);
    if (entry === undefined) return;
    entry.uses = this.#usesNow(entry) + 1;
    entry.at = this.#clock.now();
  }

  /**
   * Shelves a delta that is proved, unless those that would go for it are worth more. First the delta, then
   * what names it.
   *
   * @param asks How often it was asked for before it was made.
   */
  async add(
    pair: string,
    { delta, advice, asks }: {
      readonly delta: Uint8Array<ArrayBuffer>;
      readonly advice: DeltaAdvice;
      readonly asks: number;
    },
  ): Promise<boolean> {
    const entries = await this.#entries();
    const encoded = await encodeDeltaAdvice(advice);
    const entry: Shelved = {
      file: fileOf(advice),
      bytes: delta.length + encoded.length,
      saves: advice.replaces - delta.length,
      uses: asks,
      at: this.#clock.now(),
    };
    const leaving = this.#toLeaveFor(entry, entries);
    if (leaving === undefined) return false;
    for (const other of leaving) await this.#drop(other, entries.get(other)!.file);
    await this.#content.ingest("deltas", entry.file, only(delta));
    await this.#store.put(madeDeltaKey(pair), encoded);
    entries.set(pair, entry);
    return true;
  }

  /** How many there are, and the bytes that they take. */
  async size(): Promise<{ readonly count: number; readonly bytes: number }> {
    const entries = await this.#entries();
    return { count: entries.size, bytes: bytesOf(entries) };
  }

  /** Keys of the objects that the shelf needs, those that replicas on the same store have made too. */
  async *keys(): AsyncGenerator<string> {
    for await (const { key, advice } of this.#stored()) {
      yield key;
      yield* this.#content.keysOf("deltas", fileOf(advice));
    }
  }

  /** Which deltas must go for `entry`, the least valuable first; `undefined` when they are worth more. */
  #toLeaveFor(entry: Shelved, entries: ReadonlyMap<string, Shelved>): string[] | undefined {
    let excess = bytesOf(entries) + entry.bytes - this.#budget;
    let count = entries.size + 1 - MOST;
    const leaving: string[] = [];
    const byValue = [...entries].sort(([, a], [, b]) => this.#valueOf(a) - this.#valueOf(b));
    for (const [pair, other] of byValue) {
      if (excess <= 0 && count <= 0) break;
      if (this.#valueOf(other) > this.#valueOf(entry)) return undefined;
      leaving.push(pair);
      excess -= other.bytes;
      count--;
    }
    return excess > 0 ? undefined : leaving;
  }

  #valueOf(entry: Shelved): number {
    return entry.saves * this.#usesNow(entry) / entry.bytes;
  }

  #usesNow({ uses, at }: Shelved): number {
    return uses * 2 ** (-(this.#clock.now() - at) / HALF_LIFE);
  }

  async #read(
    pair: string,
  ): Promise<
    { readonly advice: DeltaAdvice; readonly bytes: Uint8Array<ArrayBuffer> } | undefined
  > {
    const key = madeDeltaKey(pair);
    try {
      const object = await this.#store.get(key);
      return object && { advice: await decodeDeltaAdvice(object.bytes), bytes: object.bytes };
    } catch (error) {
      if (!isBrecciaError(error, "hint-malformed", "storage-corrupt")) throw error;
      await this.#store.delete(key);
      return undefined;
    }
  }

  /** First what names the delta, then the delta. */
  async #drop(pair: string, file: LicensedFile): Promise<void> {
    (await this.#entries()).delete(pair);
    await this.#store.delete(madeDeltaKey(pair));
    for await (const key of this.#content.keysOf("deltas", file)) await this.#store.delete(key);
  }

  #entries(): Promise<Map<string, Shelved>> {
    this.#shelved ??= this.#load();
    this.#shelved.catch(() => this.#shelved = undefined);
    return this.#shelved;
  }

  /** What an earlier process has left. */
  async #load(): Promise<Map<string, Shelved>> {
    const entries = new Map<string, Shelved>();
    const at = this.#clock.now();
    for await (const { key, size, advice } of this.#stored()) {
      const saves = advice.replaces - advice.bytes;
      const entry = { file: fileOf(advice), bytes: advice.bytes + size, saves, uses: 1, at };
      entries.set(pairOf(key), entry);
    }
    return entries;
  }

  async *#stored(): AsyncGenerator<{ key: string; size: number; advice: DeltaAdvice }> {
    for await (const { key, size } of this.#store.list("deltas/")) {
      const found = isMadeDeltaKey(key) ? await this.#read(pairOf(key)) : undefined;
      if (found !== undefined) yield { key, size, advice: found.advice };
    }
  }
}

function pairOf(key: string): string {
  return key.slice("deltas/".length, -".made".length);
}

/** Names a pair: SHA-256 of the digests of the stream that it starts from and of the index that it leads to. */
export async function pairName(base: Uint8Array, index: Uint8Array): Promise<string> {
  const both = new Uint8Array(base.length + index.length);
  both.set(base);
  both.set(index, base.length);
  return encodeHex(await sha256(both));
}

function fileOf({ sha256, bytes }: DeltaAdvice): LicensedFile {
  return { length: bytes, hashes: new Map([["sha256", encodeHex(sha256)]]) };
}

function bytesOf(entries: ReadonlyMap<string, Shelved>): number {
  let sum = 0;
  for (const { bytes } of entries.values()) sum += bytes;
  return sum;
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
