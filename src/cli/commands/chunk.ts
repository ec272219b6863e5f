import { open } from "node:fs/promises";
import { encodeHex } from "../../bytes/mod.ts";
import { chunkStream, DEFAULT_CHUNKING } from "../../chunk/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { fileError } from "../file_error.ts";

const READ_BYTES = 1024 * 1024;

/** `breccia chunk FILE`: shows where a file is cut, and how fast. */
export const command: Command = {
  name: "chunk",
  summary: "Show where a file is cut into chunks, and how fast",
  usage: "FILE [--json]",
  description: "With --json, one line for each chunk: its offset, length and SHA-256.",
  example: "breccia chunk dist/app.wasm",
  operands: [1, 1],
  flags: {},
  run: chunkFile,
};

async function chunkFile({ args, path, output, signal }: CommandContext): Promise<void> {
  const started = performance.now();
  const names = new Set<string>();
  let count = 0;
  let bytes = 0;
  for await (const chunk of chunkStream(readFile(path(args[0] as string)), DEFAULT_CHUNKING)) {
    signal.throwIfAborted();
    const sha256 = encodeHex(chunk.hash);
    output.document({ offset: chunk.offset, length: chunk.bytes.length, sha256 });
    names.add(sha256);
    count++;
    bytes += chunk.bytes.length;
  }
  const seconds = (performance.now() - started) / 1000;
  output.print(
    `${count} chunks, ${names.size} of them distinct, ${bytes} bytes in ${seconds.toFixed(2)} s ` +
      `(${(bytes / 1e6 / seconds).toFixed(0)} MB/s)`,
  );
}

async function* readFile(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path).catch((error) => {
    throw fileError("read", path, error);
  });
  try {
    const buffer = new Uint8Array(READ_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw fileError("read", path, error);
  } finally {
    await file.close();
  }
}
