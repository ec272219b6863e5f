import { concatBytes } from "../../src/bytes/mod.ts";

/** What a client asks, exactly as it goes over the wire. */
export interface RawRequest {
  readonly method?: string;
  /** The request target, which no URL parser has touched. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/** What came back. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Every byte after the head, without its chunked coding. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Asks a server on the loopback over a connection of its own, as `fetch` would not let a test do. */
export async function askRaw(
  origin: string,
  { method = "GET", target, headers = {}, body = new Uint8Array() }: RawRequest,
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(origin);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const lines = Object.entries({ host, connection: "close", ...headers })
    .map(([name, value]) => `${name}: ${value}`);
  if (body.length > 0) lines.push(`content-length: ${body.length}`);
  const head = `${method} ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  await writeAll(connection, new TextEncoder().encode(head));
  await writeAll(connection, body);
  return await readAnswer(connection, method);
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  try {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  } catch (error) {
    // A server may refuse a request before it has read it in full.
    if (!isClosed(error)) throw error;
  }
}

/** Reads until the answer is whole: not every server closes the connection when it is asked to. */
async function readAnswer(connection: Deno.Conn, method: string): Promise<RawAnswer> {
  let bytes = new Uint8Array();
  const buffer = new Uint8Array(256 * 1024);
  for (;;) {
    const answer = parseAnswer(bytes, method);
    if (answer?.whole) return answer;
    const count = await connection.read(buffer).catch((error) => {
      if (isClosed(error)) return null;
      throw error;
    });
    if (count === null) return answer ?? { status: 0, headers: new Headers(), bytes };
    const longer = new Uint8Array(bytes.length + count);
    longer.set(bytes);
    longer.set(buffer.subarray(0, count), bytes.length);
    bytes = longer;
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}

/** The answer as far as it has come; `undefined` before the end of its head. */
function parseAnswer(
  bytes: Uint8Array<ArrayBuffer>,
  method: string,
): RawAnswer & { readonly whole: boolean } | undefined {
  const end = headLength(bytes);
  if (end === undefined) return undefined;
  const [first = "", ...lines] = new TextDecoder("latin1").decode(bytes.subarray(0, end - 4))
    .split("\r\n");
  const headers = new Headers(lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  }));
  const status = Number(first.split(" ")[1]);
  const rest = bytes.slice(end);
  if (method === "HEAD" || status === 204 || status === 304) {
    return { status, headers, bytes: rest, whole: true };
  }
  if (headers.get("transfer-encoding") === "chunked") {
    const joined = joinChunks(rest);
    return { status, headers, bytes: joined ?? rest, whole: joined !== undefined };
  }
  const length = Number(headers.get("content-length") ?? Infinity);
  return { status, headers, bytes: rest, whole: rest.length >= length };
}

function headLength(bytes: Uint8Array): number | undefined {
  for (let at = bytes.indexOf(13); at !== -1; at = bytes.indexOf(13, at + 1)) {
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at + 4;
  }
  return undefined;
}

/** The body that was sent in chunks, or `undefined` before its last one. */
function joinChunks(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0;;) {
    const end = bytes.indexOf(10, at);
    if (end === -1) return undefined;
    const length = parseInt(new TextDecoder().decode(bytes.subarray(at, end)), 16);
    if (length === 0) return concatBytes(parts);
    parts.push(bytes.slice(end + 1, end + 1 + length));
    at = end + 1 + length + 2;
  }
}
