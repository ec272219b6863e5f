import { equalBytes } from "../../bytes/mod.ts";
import {
  chunkEndsOf,
  type DeltaEncoder,
  deltaRefOf,
  missingChunkBytes,
  WORTHWHILE,
} from "../../delta/mod.ts";
import { BrecciaError } from "../../errors.ts";
import type { ReleaseIndex } from "../../index/mod.ts";
import type { Clock, Log } from "../../ports/mod.ts";
import type { DeltaCache } from "./delta_cache.ts";

/** Two releases of one app that verified metadata names. */
export interface DeltaPair {
  /** What it is called on the shelf. */
  readonly name: string;
  /** The release that a device has. */
  readonly base: ReleaseIndex;
  /** The release that it moves to. */
  readonly index: ReleaseIndex;
  /** SHA-256 of that release's index. */
  readonly indexSha256: Uint8Array;
  /** The stream of one of the two, verified. */
  read(index: ReleaseIndex): Promise<Uint8Array<ArrayBuffer>>;
}

/** What a maker works with. */
export interface DeltaBuilderOptions {
  /** Where deltas go. */
  readonly shelf: DeltaCache;
  /** Encodes, off this thread. */
  readonly encode: DeltaEncoder;
  /** Tells how long a pair that did not pay is left alone. */
  readonly clock: Clock;
  /** Told of each delta. */
  readonly log: Log;
  /** Ends what is being made. */
  readonly signal?: AbortSignal | undefined;
}

/** A pair is worth a delta when it is asked for so often: one device alone takes chunks. */
const ASKS = 2;

/** Pairs that wait. Stops those who ask for all pairs from holding up the others for hours. */
const QUEUE = 8;

/** Pairs that are remembered with what became of them. */
const REMEMBERED = 1024;

/** A pair that did not pay, or whose delta had to go, is left alone so long, in milliseconds. */
const REFUSED_FOR = 24 * 60 * 60_000;

/** Memory that encoding may take, in bytes, both streams included. */
const MEMORY_BYTES = 1024 * 1024 * 1024;

/** Streams that are no longer than this together leave room for what encoding needs. */
const STREAM_BYTES = MEMORY_BYTES / 4;

/** Longest time for one delta, in milliseconds. */
const TIME = 10 * 60_000;

/**
 * Time for all deltas, in milliseconds: so much at once, and a share of the time that passes. Stops those who
 * ask for all pairs from taking a core of the machine for hours.
 */
const TIME_AT_ONCE = 5 * 60_000;
const TIME_SHARE = 1 / 12;

/** Missing chunks of fewer bytes are sent as they are. */
const LEAST_BYTES = 128 * 1024;

/** What is known of a pair that has no delta. */
interface Memory {
  asks: number;
  /** Not before this time, in milliseconds since 1970. */
  refusedUntil: number;
}

/** Makes deltas one after the other, of pairs that are asked for again and again. */
export class DeltaBuilder {
  readonly #options: DeltaBuilderOptions;
  readonly #waiting = new Map<string, DeltaPair>();
  readonly #memory = new Map<string, Memory>();
  #working: Promise<void> | undefined;
  /** Milliseconds that encoding may take as of `at`; below zero once one took longer. */
  #time = TIME_AT_ONCE;
  #at: number;

  /** Makes deltas for `options.shelf`. */
  constructor(options: DeltaBuilderOptions) {
    this.#options = options;
    this.#at = options.clock.now();
  }

  /** How many are being made, or wait. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Resolves when nothing is being made. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  /** Notes that somebody wants the delta of a pair that has none. True when it is being made. */
  request(pair: DeltaPair): boolean {
    const now = this.#options.clock.now();
    const memory = this.#memory.get(pair.name) ?? { asks: 0, refusedUntil: 0 };
    this.#remember(pair.name, memory);
    memory.asks++;
    if (this.#waiting.has(pair.name)) return true;
    const stopped = this.#options.signal?.aborted ?? false;
    const wait = memory.asks < ASKS || now < memory.refusedUntil;
    if (stopped || wait || this.#waiting.size >= QUEUE || this.#timeLeft() <= 0) return false;
    if (!mayPay(pair)) return false;
    this.#waiting.set(pair.name, pair);
    this.#working ??= this.#work().finally(() => this.#working = undefined);
    return true;
  }

  #remember(name: string, memory: Memory): void {
    this.#memory.delete(name);
    this.#memory.set(name, memory);
    for (const oldest of this.#memory.keys()) {
      if (this.#memory.size <= REMEMBERED) return;
      this.#memory.delete(oldest);
    }
  }

  #timeLeft(): number {
    const now = this.#options.clock.now();
    this.#time = Math.min(TIME_AT_ONCE, this.#time + Math.max(0, now - this.#at) * TIME_SHARE);
    this.#at = now;
    return this.#time;
  }

  async #work(): Promise<void> {
    for (const pair of this.#waiting.values()) {
      const { clock, log } = this.#options;
      if (this.#timeLeft() <= 0) {
        // Who still wants them asks again.
        log("warn", "deltas paused", { waiting: this.#waiting.size });
        this.#waiting.clear();
        return;
      }
      const begun = clock.now();
      const what = { app: pair.index.app, from: pair.base.version, to: pair.index.version };
      try {
        log("info", "delta made", { ...what, ...await this.#make(pair) });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        log("info", "delta not made", { ...what, message });
        const memory = this.#memory.get(pair.name);
        if (memory !== undefined) memory.refusedUntil = clock.now() + REFUSED_FOR;
      }
      this.#waiting.delete(pair.name);
      // What passes while it is made earns as at any other time, whoever asks meanwhile.
      this.#time = this.#timeLeft() - (clock.now() - begun);
    }
  }

  async #make(pair: DeltaPair): Promise<{ readonly bytes: number; readonly replaces: number }> {
    const { shelf } = this.#options;
    const { base, index } = pair;
    const delta = await this.#encode(pair);
    const replaces = missingChunkBytes(base, index);
    if (delta.length > WORTHWHILE * replaces) throw refused("it saves less than a tenth");
    const ref = await deltaRefOf(delta, base, index);
    const advice = { ...ref, index: pair.indexSha256, replaces };
    const asks = this.#memory.get(pair.name)?.asks ?? ASKS;
    if (!await shelf.add(pair.name, { delta, advice, asks })) {
      throw refused("those that would go for it are worth more");
    }
    return { bytes: delta.length, replaces };
  }

  /** Encodes, within a time. */
  async #encode({ base, index, read }: DeltaPair): Promise<Uint8Array<ArrayBuffer>> {
    const ending = new AbortController();
    const end = () => ending.abort(refused("it takes too long, or the edge ends"));
    const timer = setTimeout(end, TIME);
    this.#options.signal?.addEventListener("abort", end, { once: true });
    try {
      const [oldBytes, newBytes] = [await read(base), await read(index)];
      const chunkEnds = chunkEndsOf(index);
      const job = { oldBytes, newBytes, chunkEnds, memoryBytes: MEMORY_BYTES, small: false };
      return await this.#options.encode(job, ending.signal);
    } finally {
      clearTimeout(timer);
      this.#options.signal?.removeEventListener("abort", end);
    }
  }
}

/** Whether a delta between the two can pay, as far as can be told without making it. */
function mayPay({ base, index }: DeltaPair): boolean {
  const published = index.deltas.some(({ baseSha256 }) =>
    equalBytes(baseSha256, base.streamSha256)
  );
  return !published && base.streamBytes + index.streamBytes <= STREAM_BYTES &&
    missingChunkBytes(base, index) >= LEAST_BYTES;
}

function refused(why: string): BrecciaError {
  return new BrecciaError(
    "delta-mismatch",
    `The delta is not kept: ${why}; devices take chunks instead`,
  );
}
