import { BrecciaError, isBrecciaError } from "../errors.ts";
import type { MetaFile } from "./meta_file.ts";
import type { MetadataLimits } from "./metadata_limits.ts";
import type { MetadataSource } from "./metadata_source.ts";
import type { MetadataStore } from "./metadata_store.ts";

/** The I/O of one run: fetches metadata within bounds, recalls what was trusted, keeps what is. */
export class MetadataFetcher {
  /** Where trusted metadata is kept. */
  readonly store: MetadataStore;
  /** The bounds of this run. */
  readonly limits: MetadataLimits;
  readonly #source: MetadataSource;
  readonly #signal: AbortSignal | undefined;

  /** Fetches from `source` until `signal` aborts. */
  constructor(
    source: MetadataSource,
    store: MetadataStore,
    limits: MetadataLimits,
    signal: AbortSignal | undefined,
  ) {
    this.#source = source;
    this.store = store;
    this.limits = limits;
    this.#signal = signal;
  }

  /**
   * Fetches a file that may be absent.
   *
   * @throws {BrecciaError} as {@linkcode MetadataSource} says.
   */
  async fetchIfPresent<T>(
    name: string,
    maxBytes: number,
    accept: (bytes: Uint8Array) => Promise<T>,
  ): Promise<T | undefined> {
    return await this.#source.fetch(name, {
      maxBytes,
      signal: this.#signal,
      accept: (bytes) => {
        // The source counts while it reads; a source that forgets to must not matter.
        if (bytes.length > maxBytes) throw endlessData(name, maxBytes);
        return accept(bytes);
      },
    });
  }

  /**
   * Fetches a file that must exist.
   *
   * @throws {BrecciaError} `metadata-missing`, and as {@linkcode MetadataSource} says.
   */
  async fetch<T>(
    name: string,
    maxBytes: number,
    accept: (bytes: Uint8Array) => Promise<T>,
  ): Promise<T> {
    const accepted = await this.fetchIfPresent(name, maxBytes, accept);
    if (accepted !== undefined) return accepted;
    throw new BrecciaError(
      "metadata-missing",
      `Cannot fetch ${name}: no mirror has it; check the metadata URL, use another mirror, or tell the publisher`,
    );
  }

  /**
   * How many bytes to read of a file whose signed parent gives its length.
   *
   * @throws {BrecciaError} `metadata-oversized` when the signed length is over the bound.
   */
  boundFor(name: string, { length }: MetaFile, limit: number): number {
    if (length !== undefined && length > limit) {
      throw new BrecciaError(
        "metadata-oversized",
        `Cannot fetch ${name}: its signed length of ${length} bytes is over the bound of ${limit}; tell the publisher to delegate to smaller roles`,
      );
    }
    return length ?? limit;
  }
}

/**
 * Reads a file that was trusted in an earlier run and verifies it again. What is damaged, or no longer
 * signed by whom the root now lists, counts as absent.
 *
 * @throws {BrecciaError} of the storage family.
 */
export async function recall<T>(
  store: MetadataStore,
  name: string,
  verify: (bytes: Uint8Array) => Promise<T>,
): Promise<T | undefined> {
  const bytes = await store.get(name);
  return bytes && await ifAccepted(() => verify(bytes));
}

/** What `verify` makes, or `undefined` when it refuses. */
export async function ifAccepted<T>(verify: () => Promise<T>): Promise<T | undefined> {
  try {
    return await verify();
  } catch (error) {
    if (isBrecciaError(error)) return undefined;
    throw error;
  }
}

function endlessData(name: string, maxBytes: number): BrecciaError {
  return new BrecciaError(
    "endless-data",
    `Cannot accept ${name}: it is longer than the ${maxBytes} bytes that it may have; use another mirror`,
  );
}
