/**
 * Encodes or decodes one delta in a process of its own, so that time and peak memory are its alone:
 * `delta_process.ts encode OLD NEW OUT`, `small OLD NEW OUT` or `decode OLD DELTA OUT`. Prints JSON.
 */
import { createHash } from "node:crypto";
import { loadZstd } from "../src/codec/mod.ts";
import {
  DELTA_PREAMBLE_BYTES,
  DeltaDecoder,
  encodeDelta,
  readHeadLength,
} from "../src/delta/mod.ts";
import type { RandomAccess } from "../src/ports/mod.ts";

/** What a run reports. Memory is the process's peak above what it held before the work began. */
export interface ProcessReport {
  readonly seconds: number;
  readonly memoryBytes: number;
}

if (import.meta.main) {
  const [mode, first, second, out] = Deno.args as [string, string, string, string];
  await loadZstd();
  const idle = peakBytes();
  const started = performance.now();
  if (mode === "decode") await decode(first, second, out);
  else {
    const options = { small: mode === "small" };
    const delta = await encodeDelta(Deno.readFileSync(first), Deno.readFileSync(second), options);
    await Deno.writeFile(out, delta);
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(JSON.stringify({ seconds, memoryBytes: peakBytes() - idle } satisfies ProcessReport));
}

/** As a device does: files are read where they are needed, each segment is written and forgotten. */
async function decode(oldPath: string, deltaPath: string, outPath: string): Promise<void> {
  using old = Deno.openSync(oldPath);
  using delta = Deno.openSync(deltaPath);
  using out = Deno.openSync(outPath, { read: true, write: true, create: true, truncate: true });
  const range = (start: number, end: number): Uint8Array => {
    const bytes = new Uint8Array(end - start);
    void access(delta).read(start, bytes);
    return bytes;
  };
  const head = range(0, readHeadLength(range(0, DELTA_PREAMBLE_BYTES)));
  const decoder = await DeltaDecoder.open(head, access(old), access(out));
  const whole = createHash("sha256");
  for (const [i, { storedStart, storedEnd }] of decoder.head.segments.entries()) {
    const bytes = await decoder.decodeSegment(i, range(storedStart, storedEnd));
    whole.update(bytes);
    out.writeSync(bytes);
  }
  if (!whole.digest().equals(decoder.head.newSha256)) throw new Error("a wrong file was made");
}

/** Reads at an offset and leaves the file position where it was. */
function access(file: Deno.FsFile): RandomAccess {
  return {
    size: file.statSync().size,
    read(offset, into) {
      const position = file.seekSync(0, Deno.SeekMode.Current);
      file.seekSync(offset, Deno.SeekMode.Start);
      let done = 0;
      while (done < into.length) {
        const count = file.readSync(into.subarray(done));
        if (count === null) break;
        done += count;
      }
      file.seekSync(position, Deno.SeekMode.Start);
      into.fill(0, done);
      return Promise.resolve();
    },
  };
}

function peakBytes(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
