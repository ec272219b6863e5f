import { createSha256 } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import type { IndexEntry, StreamLayout } from "../index/mod.ts";
import type { TreeEntry, TreeFile, TreeReader } from "../ports/mod.ts";

const READ_BYTES = 1024 * 1024;
const ZEROS = new Uint8Array(1024);

/**
 * The release stream of a build, read from front to back once, hashing the whole and every file on the
 * way. `entries` and `sha256` are complete after the stream has ended.
 */
export class BuildStream {
  /** The tree with the hash of each file that was read so far. */
  readonly entries: IndexEntry[] = [];
  readonly #layout: StreamLayout;
  readonly #tree: TreeReader;
  readonly #hash = createSha256();

  /** Reads the content of `layout`'s files from `tree`. */
  constructor(layout: StreamLayout, tree: TreeReader) {
    this.#layout = layout;
    this.#tree = tree;
  }

  /** SHA-256 of the stream. Call it once, when the stream has ended. */
  sha256(): Uint8Array {
    return this.#hash.digest();
  }

  /**
   * The stream in parts of at most 1 MiB, each valid until the next is asked for.
   *
   * @throws {BrecciaError} `tree-changed` when a file has another length than when it was scanned.
   */
  async *read(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(READ_BYTES);
    for await (const part of this.#parts(buffer)) {
      this.#hash.update(part);
      yield part;
    }
  }

  async *#parts(buffer: Uint8Array): AsyncGenerator<Uint8Array> {
    const entries = this.#layout.entries.values();
    for (const piece of this.#layout.pieces(0, this.#layout.streamBytes)) {
      if (piece.kind === "zeros") {
        yield ZEROS.subarray(0, piece.end - piece.start);
      } else if (piece.kind === "header") {
        yield piece.bytes;
        const entry = entries.next().value as TreeEntry;
        if (entry.kind !== "file") this.entries.push(entry);
        else yield* this.#content(entry, buffer);
      }
    }
  }

  async *#content(file: TreeFile, buffer: Uint8Array): AsyncGenerator<Uint8Array> {
    const hash = createSha256();
    for (let offset = 0; offset < file.size;) {
      const wanted = buffer.subarray(0, Math.min(buffer.length, file.size - offset));
      const count = await this.#tree.read(file.path, offset, wanted);
      if (count < wanted.length) throw changed(file);
      hash.update(wanted);
      yield wanted;
      offset += count;
    }
    if (await this.#tree.read(file.path, file.size, new Uint8Array(1)) > 0) throw changed(file);
    this.entries.push({ ...file, sha256: hash.digest() });
  }
}

function changed({ path }: TreeEntry): BrecciaError {
  return new BrecciaError(
    "tree-changed",
    `Cannot release ${JSON.stringify(path)}: it changed while it was read; finish the build first`,
  );
}
