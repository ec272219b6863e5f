import type { S3Bucket } from "./s3_bucket.ts";
import { completeUploadXml, requiredText } from "./s3_xml.ts";

/** Longer objects go up in parts: a line that breaks costs one of them. In bytes. */
export const MULTIPART_FROM_BYTES = 16 * 1024 * 1024;

/** Services take no part under 5 MiB but the last. In bytes. */
const PART_BYTES = 8 * 1024 * 1024;

/** Parts under way at once. */
const PARTS_AT_ONCE = 4;

/** Uploads a long object in parts; it appears whole with the last request, or not at all. */
export async function uploadInParts(
  bucket: S3Bucket,
  key: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const verb = "write";
  const started = await bucket.send({ verb, method: "POST", key, query: { uploads: "" }, signal });
  const uploadId = requiredText(new TextDecoder().decode(started.bytes), "UploadId");
  try {
    const etags = await sendParts(bucket, key, bytes, uploadId, signal);
    const body = new TextEncoder().encode(completeUploadXml(etags));
    await bucket.send({
      verb,
      method: "POST",
      key,
      query: { uploadId },
      body,
      signal,
    });
  } catch (error) {
    // Parts of an upload that was given up are stored, and paid for, until they are removed. The caller's
    // signal may be what ended it, so the removal does not listen to it.
    await bucket.send({ verb: "abort the upload of", method: "DELETE", key, query: { uploadId } })
      .catch(() => {});
    throw error;
  }
}

async function sendParts(
  bucket: S3Bucket,
  key: string,
  bytes: Uint8Array,
  uploadId: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const count = Math.ceil(bytes.length / PART_BYTES);
  const etags = new Array<string>(count);
  const failed = new AbortController();
  const either = AbortSignal.any(signal === undefined ? [failed.signal] : [failed.signal, signal]);
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < count) {
      const part = next++;
      const { headers } = await bucket.send({
        verb: "write",
        method: "PUT",
        key,
        query: { partNumber: String(part + 1), uploadId },
        body: bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES),
        signal: either,
      });
      etags[part] = headers.get("etag") ?? "";
    }
  };
  const senders = Array.from({ length: Math.min(PARTS_AT_ONCE, count) }, sender);
  try {
    await Promise.all(senders);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(senders);
    throw error;
  }
  return etags;
}
