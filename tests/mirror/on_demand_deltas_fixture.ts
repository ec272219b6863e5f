import { MemoryStore } from "../../cache/stores/memory.ts";
import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { type DeltaEncoder, encodeProven } from "../../src/delta/mod.ts";
import {
  decodeDeltaAdvice,
  decodeIndex,
  type DeltaAdvice,
  indexTarget,
  type ReleaseIndex,
} from "../../src/index/mod.ts";
import { OnDemandDeltas } from "../../src/mirror/mod.ts";
import { type Clock, type ManagedStore, silentLog } from "../../src/ports/mod.ts";
import { noise } from "../publish/memory_tree.ts";
import { clock as still } from "../publish/repository_fixture.ts";
import { bodyOf, edgeOf, type EdgeUnderTest, Origin } from "./edge_fixture.ts";

/** A program of which each version changes a byte in every few thousand: all chunks new, hardly a byte. */
export function program(version: number): Uint8Array {
  const bytes = noise(600_000, 21);
  for (let at = version; at < bytes.length; at += 5000) bytes[at] = bytes[at]! ^ 0x33;
  return bytes;
}

/** An origin with versions `1.0.0`, `1.1.0`, … of the program, none of which has a published delta. */
export async function originOf(versions: number): Promise<Origin> {
  const origin = await Origin.create();
  for (let version = 0; version < versions; version++) {
    await origin.release(`1.${version}.0`, { program: program(version) });
  }
  return origin;
}

/** What a release is called where deltas are asked for. */
export interface Named {
  readonly index: ReleaseIndex;
  /** SHA-256 of its stream, in hex. */
  readonly stream: string;
  /** SHA-256 of its index, in hex. */
  readonly name: string;
}

/** An edge that makes deltas, and how to ask it. */
export interface DeltaEdge extends EdgeUnderTest {
  readonly desk: OnDemandDeltas;
  release(version: string): Promise<Named>;
  /** Asks for a delta between two versions. */
  ask(from: string, to: string): Promise<Response>;
  /** Asks until it is made, and returns what is said of it. */
  made(from: string, to: string): Promise<DeltaAdvice>;
  /** Fetches the delta that was advised. */
  fetch(from: string, to: string, advice: DeltaAdvice): Promise<Response>;
}

/** An edge with all of `origin` and a desk. */
export async function deltaEdge(
  origin: Origin,
  { store = new MemoryStore(), budget = 10_000_000, encode = encodeProven, clock = still }: {
    readonly store?: ManagedStore;
    readonly budget?: number;
    readonly encode?: DeltaEncoder;
    readonly clock?: Clock;
  } = {},
): Promise<DeltaEdge> {
  const desk = new OnDemandDeltas({ store, budget, by: { encode }, clock, log: silentLog });
  const under = await edgeOf(origin, { store, deltas: desk, clock });
  await under.edge.refresh();
  const release = async (version: string): Promise<Named> => {
    const bytes = await bodyOf(await under.get(`/targets/${indexTarget("hello", version, "any")}`));
    const index = await decodeIndex(bytes);
    return { index, stream: encodeHex(index.streamSha256), name: encodeHex(await sha256(bytes)) };
  };
  const place = async (from: string, to: string) =>
    `/deltas/${(await release(from)).stream}/${(await release(to)).name}`;
  const ask = async (from: string, to: string) => await under.get(await place(from, to));
  const made = async (from: string, to: string): Promise<DeltaAdvice> => {
    for (let asks = 0; asks < 2; asks++) await ask(from, to);
    await desk.idle();
    return await decodeDeltaAdvice(await bodyOf(await ask(from, to)));
  };
  const fetch = async (from: string, to: string, advice: DeltaAdvice) =>
    await under.get(`${await place(from, to)}/${encodeHex(advice.sha256)}`);
  return { ...under, desk, release, ask, made, fetch };
}
