import { type FileHandle, open } from "node:fs/promises";
import type { RandomAccess } from "../ports/mod.ts";
import { fileError } from "./file_error.ts";

/** A file that is read, and perhaps written, at any offset. */
export class FileAccess implements RandomAccess {
  /** Its length in bytes when it was opened. */
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #path: string;

  private constructor(handle: FileHandle, path: string, size: number) {
    this.#handle = handle;
    this.size = size;
    this.#path = path;
  }

  /** Opens `path`: `"r"` for reading, `"wx+"` to make a new file. */
  static async open(path: string, flags: "r" | "wx+"): Promise<FileAccess> {
    const verb = flags === "r" ? "read" : "write";
    const handle = await open(path, flags).catch((cause) => {
      throw fileError(verb, path, cause);
    });
    return new FileAccess(handle, path, (await handle.stat()).size);
  }

  /** Fills `into` from `offset` on. */
  async read(offset: number, into: Uint8Array): Promise<void> {
    into.fill(0, await this.readSome(offset, into));
  }

  /** Fills `into` from `offset` on as far as there are bytes; returns how many there were. */
  async readSome(offset: number, into: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      const left = into.length - filled;
      const { bytesRead } = await this.#handle.read(into, filled, left, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  /** Writes all of `bytes` at `offset`. */
  async write(offset: number, bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) {
        const left = bytes.length - done;
        done += (await this.#handle.write(bytes, done, left, offset + done)).bytesWritten;
      }
    } catch (cause) {
      throw fileError("write", this.#path, cause);
    }
  }

  /** Makes what was written durable. */
  async sync(): Promise<void> {
    await this.#handle.sync();
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#handle.close();
  }
}
