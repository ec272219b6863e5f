import type { DeltaJob } from "../delta/mod.ts";
import { BrecciaError, type ErrorCode } from "../errors.ts";

/** What the worker answers: a delta, or why there is none. */
export type DeltaAnswer =
  | { readonly delta: Uint8Array<ArrayBuffer> }
  | { readonly code: ErrorCode; readonly message: string };

/** Encodes a delta in a worker of its own, whose memory goes with it; the signal ends it at once. */
export async function encodeInWorker(
  job: DeltaJob,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  signal?.throwIfAborted();
  const worker = new Worker(new URL("./delta_worker.ts", import.meta.url), { type: "module" });
  try {
    const answer = await new Promise<DeltaAnswer>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<DeltaAnswer>) => resolve(data);
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      worker.postMessage(job, [job.oldBytes.buffer, job.newBytes.buffer, job.chunkEnds.buffer]);
    });
    if ("code" in answer) throw new BrecciaError(answer.code, answer.message);
    return answer.delta;
  } finally {
    worker.terminate();
  }
}
