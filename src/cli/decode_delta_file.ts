import { rename, rm } from "node:fs/promises";
import { createSha256, encodeHex, equalBytes } from "../bytes/mod.ts";
import { DELTA_PREAMBLE_BYTES, DeltaDecoder, readHeadLength } from "../delta/mod.ts";
import { BrecciaError } from "../errors.ts";
import { DELTA_LIMITS } from "../limits.ts";
import { FileAccess } from "./file_access.ts";

const READ_BYTES = 1024 * 1024;

/** Makes the file `out` from `old` and `delta`, segment by segment, in the memory of one segment. */
export async function decodeDeltaFile(
  old: string,
  delta: string,
  out: string,
  signal: AbortSignal,
): Promise<{ bytes: number; sha256: string }> {
  const base = await FileAccess.open(old, "r");
  const source = await FileAccess.open(delta, "r");
  const partial = `${out}.partial`;
  const target = await FileAccess.open(partial, "wx+");
  try {
    const decoder = await DeltaDecoder.open(await readHead(source), base, target);
    const { head } = decoder;
    if (!equalBytes(await hashOf(base), head.oldSha256)) {
      throw new BrecciaError(
        "delta-mismatch",
        `Cannot decode ${delta}: ${old} is not the file it was made from; choose the delta of this version`,
      );
    }
    for (const [number, segment] of head.segments.entries()) {
      signal.throwIfAborted();
      const stored = new Uint8Array(segment.storedEnd - segment.storedStart);
      await readAll(source, segment.storedStart, stored);
      await target.write(segment.start, await decoder.decodeSegment(number, stored));
    }
    const made = await hashOf(target);
    if (!equalBytes(made, head.newSha256)) {
      throw new BrecciaError(
        "delta-mismatch",
        `Cannot decode ${delta}: its result does not hash to what it promises; fetch it again`,
      );
    }
    await target.sync();
    await rename(partial, out);
    return { bytes: head.newSize, sha256: encodeHex(made) };
  } finally {
    await Promise.all([base.close(), source.close(), target.close()]);
    await rm(partial, { force: true });
  }
}

async function readHead(source: FileAccess): Promise<Uint8Array> {
  const preamble = new Uint8Array(DELTA_PREAMBLE_BYTES);
  await readAll(source, 0, preamble);
  const length = readHeadLength(preamble);
  if (length > Math.min(DELTA_LIMITS.headBytes, source.size)) {
    throw new BrecciaError(
      "delta-malformed",
      `Cannot read the delta: its head claims ${length} bytes, more than there are; fetch it again`,
    );
  }
  const head = new Uint8Array(length);
  await readAll(source, 0, head);
  return head;
}

async function readAll(file: FileAccess, offset: number, into: Uint8Array): Promise<void> {
  if (await file.readSome(offset, into) < into.length) {
    throw new BrecciaError(
      "delta-malformed",
      "Cannot read the delta: it is cut short; fetch it again",
    );
  }
}

async function hashOf(file: FileAccess): Promise<Uint8Array> {
  const hash = createSha256();
  const buffer = new Uint8Array(READ_BYTES);
  for (let offset = 0;;) {
    const count = await file.readSome(offset, buffer);
    if (count === 0) return hash.digest();
    hash.update(buffer.subarray(0, count));
    offset += count;
  }
}
