import { loadZstd } from "../codec/mod.ts";
import type { RandomAccess } from "../ports/mod.ts";
import { openSource } from "./open_source.ts";
import { CostLedger, CostMeter } from "./cost_ledger.ts";
import { describeDelta } from "./describe.ts";
import { type DeltaHead, STREAM_NAMES } from "./head.ts";
import { MemoryAccess } from "./memory_access.ts";
import { SegmentCodec } from "./segment_codec.ts";
import { measureSegment, SegmentReader } from "./segment_reader.ts";
import type { DeltaPart, PartCost } from "./part_cost.ts";

/** The parts of a delta's images, when the caller knows no better: code and other content of each. */
export function imageParts({ images, newSize }: DeltaHead): DeltaPart[] {
  const parts: DeltaPart[] = [];
  let at = 0;
  const upTo = (end: number, name: string): void => {
    if (end > at) parts.push({ name, start: at, end });
    at = Math.max(at, end);
  };
  const sorted = images.map((pair) => pair.new).sort((a, b) => a.extent.start - b.extent.start);
  for (const [i, { extent, executable }] of sorted.entries()) {
    const suffix = sorted.length > 1 ? ` ${i + 1}` : "";
    upTo(extent.start, "other");
    for (const { start, end } of [...executable].sort((a, b) => a.start - b.start)) {
      upTo(start, `data${suffix}`);
      upTo(end, `code${suffix}`);
    }
    upTo(extent.end, `data${suffix}`);
  }
  upTo(newSize, "other");
  return parts;
}

/**
 * Says which parts of the new file a delta's bytes go to, by decoding it against the old one. Parts
 * of the same name are summed; what lies in no part is called "other". The greatest cost comes first.
 *
 * @param parts sorted, apart
 * @throws {BrecciaError} `delta-malformed`, `delta-mismatch`.
 */
export async function explainDelta(
  delta: Uint8Array,
  base: RandomAccess,
  parts?: readonly DeltaPart[],
): Promise<PartCost[]> {
  const zstd = await loadZstd();
  const { head, matchBytes } = await describeDelta(delta);
  const ledger = new CostLedger(parts ?? imageParts(head), head.newSize);
  const output = new Uint8Array(head.newSize);
  const reader = new SegmentReader(head.version, zstd);
  const codec = new SegmentCodec(
    head,
    openSource(base, head.oldSize),
    openSource(new MemoryAccess(output), 0),
  );
  for (const [i, { start, end, storedStart, storedEnd }] of head.segments.entries()) {
    const stored = delta.subarray(storedStart, storedEnd);
    const decoder = reader.open(stored, i, end - start);
    const meter = new CostMeter(decoder, ledger, start);
    await codec.code(meter, start, end, output.subarray(start, end));
    const { streams, mixed } = measureSegment(stored, i, head.version);
    meter.settle(STREAM_NAMES.map((name) => streams[name]), mixed);
    decoder.finish();
  }
  for (let i = 0; i < head.matches.count; i++) ledger.match(head.matches.newAt[i] as number);
  return ledger.costs(matchBytes / Math.max(1, head.matches.count));
}
