import {
  concatBytes,
  decodeHex,
  encodeHex,
  equalBytes,
  sha256,
  SHA256_BYTES,
} from "../../bytes/mod.ts";
import { loadZstd } from "../../codec/mod.ts";
import { isBrecciaError } from "../../errors.ts";
import { DICTIONARY_LIMITS } from "../../limits.ts";
import type { Clock, ObjectStore } from "../../ports/mod.ts";
import type { ServedFile } from "./served_file.ts";
import { readAll } from "./read_all.ts";
import { SingleFlight } from "../fetch/single_flight.ts";
import { dictionaryFormKey } from "../state/store_layout.ts";
import type { CodedForm } from "./served_file.ts";

/** What a `dcz` stream begins with: a skippable frame of 32 bytes, the dictionary's SHA-256 (RFC 9842, 4). */
const MAGIC = Uint8Array.of(0x5e, 0x2a, 0x4d, 0x18, 0x20, 0, 0, 0);

/** zstd level: 25 ms for 650 KB; past it, time grows faster than the form shrinks. */
const LEVEL = 12;

/** A form is kept when it is no longer than this share of its file. */
const WORTHWHILE = 0.5;

/** Pairs of which it is remembered that they are no use. */
const REMEMBERED = 4096;

const HOUR = 3_600_000;

/**
 * Files compressed with an older file that the client has, as its dictionary (RFC 9842, `dcz`). Each is made
 * once, kept in the store under the name of its pair, and swept when the store is looked after: what is
 * still asked for is made again. Clients choose the pairs: how many are made in an hour, and waited for
 * at once, is bounded, and beyond that files are sent plainly.
 */
export class DictionaryForms {
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  readonly #making = new SingleFlight<Uint8Array<ArrayBuffer> | undefined>();
  readonly #useless = new Set<string>();
  #waiting = 0;
  #hour = 0;
  #made = 0;

  /** Keeps forms in `store`. */
  constructor(store: ObjectStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * The form of `file` for a client that has the file with this SHA-256, or `undefined` when it is too
   * long, saves less than half, or can't be made now.
   *
   * @param dictionary SHA-256 in hex.
   * @param read Reads the dictionary, verified; `undefined` when it is not there or too long.
   */
  async form(
    file: ServedFile,
    dictionary: string,
    read: () => Promise<Uint8Array | undefined>,
  ): Promise<CodedForm | undefined> {
    if (file.size > DICTIONARY_LIMITS.bytes || file.etag === dictionary) return undefined;
    const text = `dcz ${LEVEL} ${dictionary} ${file.etag} ${file.size}`;
    const pair = encodeHex(await sha256(new TextEncoder().encode(text)));
    if (this.#useless.has(pair)) return undefined;
    const key = dictionaryFormKey(pair);
    const bytes = await this.#making.join(
      key,
      async () => await this.#kept(key) ?? await this.#make(pair, file, dictionary, read),
    );
    return bytes && {
      size: bytes.length,
      etag: `${pair}.dcz`,
      read: async function* () {
        yield bytes.slice();
        await Promise.resolve();
      },
    };
  }

  async #kept(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const stored = await this.#store.get(key);
      return stored && await openForm(stored.bytes);
    } catch (error) {
      if (isBrecciaError(error, "storage-corrupt")) return undefined;
      throw error;
    }
  }

  async #make(
    pair: string,
    file: ServedFile,
    dictionary: string,
    read: () => Promise<Uint8Array | undefined>,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (!this.#mayMake()) return undefined;
    this.#waiting++;
    try {
      const known = await read();
      if (known === undefined) return undefined;
      this.#made++;
      const content = await readAll(file.read({ offset: 0, length: file.size }), file.size);
      const frame = await compressed(known, content);
      if (frame === undefined || frame.length > WORTHWHILE * file.size) {
        if (this.#useless.size >= REMEMBERED) this.#useless.clear();
        this.#useless.add(pair);
        return undefined;
      }
      const form = concatBytes([MAGIC, decodeHex(dictionary) as Uint8Array, frame]);
      await this.#store.put(dictionaryFormKey(pair), concatBytes([form, await sha256(form)]));
      return form;
    } finally {
      this.#waiting--;
    }
  }

  #mayMake(): boolean {
    const hour = Math.floor(this.#clock.now() / HOUR);
    if (hour !== this.#hour) this.#made = 0;
    this.#hour = hour;
    return this.#made < DICTIONARY_LIMITS.formsInAnHour &&
      this.#waiting < DICTIONARY_LIMITS.formsAtOnce;
  }
}

/** A form as it was stored, or `undefined` when a bit of it differs: its last 32 bytes are its SHA-256. */
export async function openForm(
  stored: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const form = stored.slice(0, -SHA256_BYTES);
  const isSound = equalBytes(stored.subarray(-SHA256_BYTES), await sha256(form));
  return isSound ? form : undefined;
}

async function compressed(
  dictionary: Uint8Array,
  content: Uint8Array,
): Promise<Uint8Array | undefined> {
  try {
    return (await loadZstd()).compressWith(dictionary, content, LEVEL);
  } catch (error) {
    if (!isBrecciaError(error)) throw error;
    return undefined;
  }
}
