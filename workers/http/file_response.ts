import { type CodedForm, readAll, type ServedFile } from "../../src/mirror/mod.ts";
import { CACHE_POLICY, type CachePolicy } from "./headers.ts";
import { checkPreconditions } from "./preconditions.ts";
import { parseRange } from "./range_header.ts";
import { type CodedForms, type Representation, selectRepresentation } from "./representation.ts";
import { type AnswerSlots, busyResponse } from "./answer_slots.ts";
import { stallGuardedStream } from "./stall_guarded_stream.ts";

/** Bodies up to this length are sent in one piece: a stream costs more than it saves. */
const AT_ONCE_BYTES = 256 * 1024;

/** What a file is to clients that keep dictionaries (RFC 9842). */
export interface DictionaryOffer {
  /** `Use-As-Dictionary`: for which requests the file is a dictionary. */
  readonly use?: string;
  /** The file compressed with the dictionary that the client offers. */
  readonly form?: CodedForm;
}

/** What is known of a file besides its content. */
export interface FileOptions {
  /** Its media type; default `application/octet-stream`. */
  readonly contentType?: string;
  /** Given where dictionaries are looked at. */
  readonly dictionary?: DictionaryOffer | undefined;
  /** Bounds how many bodies are streamed at once. Default: nothing does. */
  readonly slots?: AnswerSlots | undefined;
}

/**
 * Answers GET or HEAD for a file by the book (RFC 9110): its form first, then conditions, then the range.
 * Bodies are streamed; a client that reads slowly holds one piece of the file in memory, not the file.
 */
export async function fileResponse(
  request: Request,
  file: ServedFile,
  policy: CachePolicy,
  { contentType = "application/octet-stream", dictionary, slots }: FileOptions = {},
): Promise<Response> {
  const forms: CodedForms = new Map([
    ...(dictionary?.form ? [["dcz", dictionary.form] as const] : []),
    ...(file.zstd ? [["zstd", file.zstd] as const] : []),
  ]);
  const vary: Record<string, string> = dictionary
    ? { vary: "accept-encoding, available-dictionary" }
    : forms.size > 0
    ? { vary: "accept-encoding" }
    : {};
  const selected = selectRepresentation(request, file, forms);
  if (selected === undefined) return refusal(406, vary);
  const { size, etag, coding } = selected;
  const headers = new Headers({
    "accept-ranges": coding ? "none" : "bytes",
    "cache-control": CACHE_POLICY[policy],
    "content-type": contentType,
    etag: `"${etag}"`,
    ...vary,
    ...(coding && { "content-encoding": coding }),
    ...(dictionary?.use && { "use-as-dictionary": dictionary.use }),
  });
  const condition = checkPreconditions(request.headers, etag);
  if (condition === "unchanged") return new Response(null, { status: 304, headers });
  if (condition === "failed") return refusal(412, vary);
  const range = coding ? undefined : askedRange(request, selected);
  if (range === "unsatisfiable") {
    return refusal(416, { ...vary, "content-range": `bytes */${size}` });
  }
  const { offset, length } = range ?? { offset: 0, length: size };
  headers.set("content-length", String(length));
  if (range) headers.set("content-range", `bytes ${offset}-${offset + length - 1}/${size}`);
  const status = range ? 206 : 200;
  if (request.method === "HEAD" || length === 0) return new Response(null, { status, headers });
  if (length <= AT_ONCE_BYTES) {
    const body = await readAll(selected.read({ offset, length }), length);
    return new Response(body, { status, headers });
  }
  const ended = slots?.take();
  if (slots !== undefined && ended === undefined) return busyResponse(vary);
  const body = stallGuardedStream((signal) => selected.read({ offset, length }, signal), { ended });
  return new Response(body, { status, headers });
}

function refusal(status: number, headers: Record<string, string> = {}): Response {
  const policy = { "cache-control": CACHE_POLICY.never };
  return new Response(null, { status, headers: { ...policy, ...headers } });
}

/**
 * The range to send. Ranges are defined for GET alone; one for another version of the file (If-Range, which
 * only a strong tag can match) is none.
 */
function askedRange(
  { method, headers }: Request,
  { size, etag }: Representation,
): ReturnType<typeof parseRange> {
  if (method !== "GET") return undefined;
  const header = headers.get("range");
  const validator = headers.get("if-range");
  if (header === null || (validator !== null && validator !== `"${etag}"`)) return undefined;
  return parseRange(header, size);
}
