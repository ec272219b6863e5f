/**
 * The thread of {@linkcode encodeInWorker}: two streams in, a proven delta out.
 *
 * @module
 */

import { type DeltaJob, encodeProven } from "../delta/mod.ts";
import { isBrecciaError } from "../errors.ts";
import type { DeltaAnswer } from "./delta_encoder.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<DeltaJob>) => void;
  postMessage(message: DeltaAnswer, transfer?: Transferable[]): void;
};

thread.onmessage = async ({ data }) => {
  try {
    const delta = await encodeProven(data);
    thread.postMessage({ delta }, [delta.buffer]);
  } catch (error) {
    thread.postMessage(
      isBrecciaError(error)
        ? { code: error.code, message: error.message }
        : { code: "internal", message: `Encoding a delta failed (${error}); report it` },
    );
  }
};
