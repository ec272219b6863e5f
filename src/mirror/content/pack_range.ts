import { BrecciaError } from "../../errors.ts";
import type { ByteRange, ObjectStore } from "../../ports/mod.ts";

/** How much of an object is read at a time while it is sent. */
const READ_BYTES = 1024 * 1024;

/** Bytes of a stored object, piece by piece. NOT verified: whoever reads them verifies each chunk. */
export async function* readPackRange(
  store: ObjectStore,
  key: string,
  { offset, length }: ByteRange,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let read = 0; read < length;) {
    const range = { offset: offset + read, length: Math.min(READ_BYTES, length - read) };
    const object = await store.get(key, { range, ...(signal && { signal }) });
    if (object?.bytes.length !== range.length) {
      throw new BrecciaError(
        "storage-corrupt",
        `Cannot read ${key} from the store: bytes ${range.offset}+${range.length} are missing; ` +
          `delete it, and it is fetched again`,
      );
    }
    read += range.length;
    yield object.bytes;
  }
}
