import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { FileSink } from "../ports/mod.ts";
import { fileError } from "./file_error.ts";
import { FileAccess } from "./file_access.ts";

/** A file that is written beside its place, and moved there when it is whole. */
export class PartialFile implements FileSink {
  readonly #path: string;
  readonly #partial: string;
  #file: FileAccess | undefined;
  #written = 0;

  /** Will become `path`; what stands there stays until then. */
  constructor(path: string) {
    this.#path = path;
    this.#partial = `${path}.${crypto.randomUUID()}.partial`;
  }

  /** See {@linkcode FileSink.restart}. */
  async restart(): Promise<void> {
    await this.discard();
    await mkdir(dirname(this.#path), { recursive: true }).catch((cause) => {
      throw fileError("make the directory of", this.#path, cause);
    });
    this.#file = await FileAccess.open(this.#partial, "wx+");
    this.#written = 0;
  }

  /** See {@linkcode FileSink.write}. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#file?.write(this.#written, bytes);
    this.#written += bytes.length;
  }

  /** Puts it in its place: whoever reads there finds the old file or the new one. */
  async commit(): Promise<void> {
    await this.#file?.sync();
    await this.#file?.close();
    this.#file = undefined;
    await rename(this.#partial, this.#path).catch((cause) => {
      throw fileError("write", this.#path, cause);
    });
  }

  /** Drops what was written. */
  async discard(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    await rm(this.#partial, { force: true });
  }
}
