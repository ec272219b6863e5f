import { gather, type ServedFile } from "../src/mirror/mod.ts";
import { CACHE_POLICY, type CachePolicy } from "./headers.ts";
import { checkPreconditions } from "./preconditions.ts";
import { parseRange } from "./range_header.ts";

/** Bodies up to this length are sent in one piece: a stream costs more than it saves. */
const AT_ONCE_BYTES = 256 * 1024;

/**
 * Answers GET or HEAD for a file by the book (RFC 9110): conditions first, then the range. Bodies are
 * streamed; a client that reads slowly holds one piece of the file in memory, not the file.
 */
export async function fileResponse(
  request: Request,
  file: ServedFile,
  policy: CachePolicy,
  contentType = "application/octet-stream",
): Promise<Response> {
  const headers = new Headers({
    "accept-ranges": "bytes",
    "cache-control": CACHE_POLICY[policy],
    "content-type": contentType,
    etag: `"${file.etag}"`,
  });
  const condition = checkPreconditions(request.headers, file.etag);
  if (condition === "unchanged") return new Response(null, { status: 304, headers });
  if (condition === "failed") return refusal(412);
  const range = askedRange(request, file);
  if (range === "unsatisfiable") return refusal(416, { "content-range": `bytes */${file.size}` });
  const { offset, length } = range ?? { offset: 0, length: file.size };
  headers.set("content-length", String(length));
  if (range) headers.set("content-range", `bytes ${offset}-${offset + length - 1}/${file.size}`);
  const body = request.method === "HEAD" || length === 0
    ? null
    : length <= AT_ONCE_BYTES
    ? await gather(file.read({ offset, length }), length)
    : streamOf((signal) => file.read({ offset, length }, signal));
  return new Response(body, { status: range ? 206 : 200, headers });
}

function refusal(status: number, headers: Record<string, string> = {}): Response {
  const policy = { "cache-control": CACHE_POLICY.never };
  return new Response(null, { status, headers: { ...policy, ...headers } });
}

/**
 * The range to send. Ranges are defined for GET alone; one for another version of the file (If-Range, which
 * only a strong tag can match) is none.
 */
function askedRange(request: Request, file: ServedFile): ReturnType<typeof parseRange> {
  if (request.method !== "GET") return undefined;
  const header = request.headers.get("range");
  const validator = request.headers.get("if-range");
  if (header === null || (validator !== null && validator !== `"${file.etag}"`)) return undefined;
  return parseRange(header, file.size);
}

/** A body that is read as fast as the client takes it; `read` is told when the client leaves. */
export function streamOf(
  read: (signal: AbortSignal) => AsyncIterable<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = new AbortController();
  const parts = read(left.signal)[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      left.abort(reason);
      await parts.return?.();
    },
  }, { highWaterMark: 0 });
}
