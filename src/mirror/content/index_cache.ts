import { decodeIndex, type ReleaseIndex } from "../../index/mod.ts";
import { INDEX_LIMITS } from "../../limits.ts";
import { BrecciaError } from "../../errors.ts";
import type { ServedFile } from "./served_file.ts";
import { readAll } from "./read_all.ts";
import { SingleFlight } from "../fetch/single_flight.ts";
import { licenceName, type LicensedFile, objectName } from "./verified_object.ts";

/** Decoded indexes are kept up to this many chunks and entries altogether, some hundred bytes each. */
const KEPT_ROWS = 200_000;

/** Decoded release indexes, those used last kept ready. */
export class IndexCache {
  readonly #open: (index: LicensedFile) => Promise<ServedFile>;
  readonly #decoding = new SingleFlight<ReleaseIndex>();
  /** In order of use, the oldest first. */
  readonly #kept = new Map<string, ReleaseIndex>();

  /** Reads stored indexes through `open`, which may fetch them. */
  constructor(open: (index: LicensedFile) => Promise<ServedFile>) {
    this.#open = open;
  }

  /**
   * The index that is licensed by `file`.
   *
   * @throws {BrecciaError} `index-malformed` and its kin; what opening it throws.
   */
  async take(file: LicensedFile): Promise<ReleaseIndex> {
    const name = licenceName(file);
    const kept = this.#kept.get(name) ??
      await this.#decoding.join(name, async () => await this.#decode(file));
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    let rows = 0;
    for (const index of this.#kept.values()) rows += rowsOf(index);
    for (const [oldest, index] of this.#kept) {
      if (rows <= KEPT_ROWS || oldest === name) break;
      this.#kept.delete(oldest);
      rows -= rowsOf(index);
    }
    return kept;
  }

  async #decode(file: LicensedFile): Promise<ReleaseIndex> {
    if (file.length > INDEX_LIMITS.bytes) {
      throw new BrecciaError(
        "index-malformed",
        `Cannot read the release index ${
          objectName(file)
        }: its ${file.length} bytes are over the ` +
          `bound of ${INDEX_LIMITS.bytes}; publish a release with fewer files`,
      );
    }
    const stored = await this.#open(file);
    const parts = stored.read({ offset: 0, length: stored.size });
    return await decodeIndex(await readAll(parts, stored.size));
  }
}

function rowsOf(index: ReleaseIndex): number {
  return index.chunks.count + index.entries.length;
}
