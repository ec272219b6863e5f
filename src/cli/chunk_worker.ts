/**
 * A thread of {@linkcode ChunkEncoders}: chunks in, stored chunks out.
 *
 * @module
 */

import { storeChunk } from "../index/mod.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<{ id: number; bytes: Uint8Array }>) => void;
  postMessage(message: { id: number; stored: Uint8Array }): void;
};

thread.onmessage = async ({ data: { id, bytes } }) => {
  thread.postMessage({ id, stored: await storeChunk(bytes) });
};
