import { availableParallelism } from "node:os";
import type { ChunkEncoder } from "../publish/mod.ts";

interface Waiting {
  resolve(stored: Uint8Array): void;
  reject(error: Error): void;
}

/** Compresses chunks on the machine's cores. Close it, or the process does not end. */
export class ChunkEncoders {
  readonly #workers: { worker: Worker; waiting: Map<number, Waiting> }[] = [];
  readonly #limit: number;
  #sent = 0;

  /** Starts up to `limit` workers, as work comes in. */
  constructor(limit: number = availableParallelism()) {
    this.#limit = limit;
  }

  /** See {@linkcode ChunkEncoder}. Goes to the worker with the shortest queue. */
  readonly encode: ChunkEncoder = (bytes) =>
    new Promise((resolve, reject) => {
      const { worker, waiting } = this.#idlest();
      const id = this.#sent++;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, bytes });
    });

  /** Ends the workers. */
  close(): void {
    for (const { worker } of this.#workers) worker.terminate();
  }

  #idlest(): { worker: Worker; waiting: Map<number, Waiting> } {
    const idlest = this.#workers.toSorted((a, b) => a.waiting.size - b.waiting.size)[0];
    if (
      idlest !== undefined && (idlest.waiting.size === 0 || this.#workers.length === this.#limit)
    ) {
      return idlest;
    }
    const worker = new Worker(new URL("./chunk_worker.ts", import.meta.url), { type: "module" });
    const waiting = new Map<number, Waiting>();
    worker.onmessage = ({ data }: MessageEvent<{ id: number; stored: Uint8Array }>) => {
      waiting.get(data.id)?.resolve(data.stored);
      waiting.delete(data.id);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of waiting.values()) reject(new Error(event.message));
      waiting.clear();
    };
    const started = { worker, waiting };
    this.#workers.push(started);
    return started;
  }
}
