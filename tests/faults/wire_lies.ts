import { gzip } from "pako";
import { headOf, type Wire, type WireLie } from "./lying_upstream.ts";

/** The pace of a server that wants to hold connections, in milliseconds for each byte. */
const TRICKLE_MILLISECONDS = 20;

const HTML = "<!doctype html><title>Welcome to Hotel Wi-Fi</title><p>Please sign in";

const fine = (bytes: number): string => headOf(200, { "content-length": String(bytes) });

/** One byte after another, for as long as somebody listens; the last one never comes. */
async function trickle(wire: Wire, bytes: Uint8Array): Promise<void> {
  for (let at = 0; !wire.gone; at++) {
    await wire.send(bytes.subarray(at % bytes.length, at % bytes.length + 1));
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, TRICKLE_MILLISECONDS);
    await Promise.race([promise, wire.hungUp]);
    clearTimeout(timer);
  }
}

/** Sends until the client hangs up. */
async function endless(wire: Wire, bytes: Uint8Array): Promise<void> {
  while (!wire.gone) await wire.send(bytes);
}

const silent: WireLie = (wire) => wire.hungUp;

const trickledHead: WireLie = (wire) =>
  trickle(wire, new TextEncoder().encode(`HTTP/1.1 200 OK\r\nx-slow: ${"a".repeat(9999)}`));

const trickledBody: WireLie = async (wire, honest) => {
  await wire.send(fine(honest.length));
  await trickle(wire, honest);
};

const resetAfterHead: WireLie = (wire, honest) => wire.send(fine(honest.length));

const resetInBody: WireLie = async (wire, honest) => {
  await wire.send(fine(honest.length));
  await wire.send(honest.subarray(0, honest.length >> 1));
};

const shortBody: WireLie = async (wire, honest) => {
  await wire.send(fine(honest.length - 1));
  await wire.send(honest.subarray(1));
};

const longBody: WireLie = async (wire, honest) => {
  await wire.send(fine(honest.length + 1));
  await wire.send(honest);
  await wire.send("!");
};

const understated: WireLie = async (wire, honest) => {
  await wire.send(fine(honest.length >> 1));
  await wire.send(honest);
};

const overstated: WireLie = async (wire, honest) => {
  await wire.send(fine(2 ** 40));
  await wire.send(honest);
};

const endlessBody: WireLie = async (wire) => {
  await wire.send(headOf(200));
  await endless(wire, new Uint8Array(65536));
};

const endlessHead: WireLie = async (wire) => {
  await wire.send("HTTP/1.1 200 OK\r\n");
  await endless(wire, new TextEncoder().encode(`x-more: ${"a".repeat(4000)}\r\n`));
};

const endlessChunks: WireLie = async (wire) => {
  await wire.send(headOf(200, { "transfer-encoding": "chunked" }));
  await endless(wire, new TextEncoder().encode("10\r\n0123456789abcdef\r\n".repeat(4000)));
};

/** 16 MiB of nothing. */
const BOMB = gzip(new Uint8Array(16 * 1024 * 1024), { level: 9 });

const gzipBomb: WireLie = async (wire) => {
  const length = String(BOMB.length);
  await wire.send(headOf(200, { "content-length": length, "content-encoding": "gzip" }));
  await wire.send(BOMB);
};

const compressed: WireLie = async (wire, honest) => {
  await wire.send(headOf(200, { "content-encoding": "gzip" }));
  await wire.send(gzip(honest));
};

const noHttp: WireLie = (wire) => wire.send("220 ftp.example ready\r\n");

const status = (code: number, fields: Readonly<Record<string, string>> = {}): WireLie => (wire) =>
  wire.send(headOf(code, { "content-length": "0", ...fields }));

const portal: WireLie = (wire) =>
  wire.send(
    headOf(200, { "content-type": "text/html", "content-length": String(HTML.length) }) + HTML,
  );

/** To where `location` says, given where the client is. */
const redirect = (location: (wire: Wire, path: string) => string): WireLie => (wire, _, path) =>
  wire.send(headOf(302, { "content-length": "0", location: location(wire, path) }));

const otherPath = (path: string): string =>
  path.endsWith("?again") ? path.slice(0, -6) : `${path}?again`;

const MISMATCH = ["metadata-malformed", "mix-and-match", "target-mismatch", "pack-mismatch"];
const TOO_LONG = ["endless-data", "response-oversized"];

/** Every lie, with the codes that name it, wherever it is told. */
export const WIRE_LIES: readonly (readonly [what: string, lie: WireLie, codes: string[]])[] = [
  ["silence", silent, ["timeout"]],
  ["a head that trickles", trickledHead, ["timeout"]],
  ["a body that trickles", trickledBody, ["timeout"]],
  ["a connection reset before the body", resetAfterHead, ["response-truncated"]],
  ["a connection reset in the midst", resetInBody, ["response-truncated"]],
  ["a body that lacks a byte", shortBody, MISMATCH],
  ["a body with a byte too many", longBody, [...TOO_LONG, ...MISMATCH]],
  ["a length that is understated", understated, MISMATCH],
  ["a length of a terabyte", overstated, TOO_LONG],
  ["a body without end", endlessBody, TOO_LONG],
  ["a head without end", endlessHead, ["offline", "timeout"]],
  ["thousands of little pieces", endlessChunks, TOO_LONG],
  ["a gzip bomb that nobody asked for", gzipBomb, [...TOO_LONG, ...MISMATCH]],
  ["gzip that nobody asked for", compressed, [...TOO_LONG, ...MISMATCH]],
  ["something that is not HTTP", noHttp, ["offline"]],
  ["204 without content", status(204), ["http-status"]],
  ["304 to a request without condition", status(304), ["http-status"]],
  ["429", status(429, { "retry-after": "120" }), ["http-status"]],
  ["500", status(500), ["http-status"]],
  ["503", status(503), ["http-status"]],
  ["a captive portal's page with 200", portal, MISMATCH],
  ["a redirect to itself", redirect((_, path) => path), ["http-malformed"]],
  ["redirects in a circle", redirect((_, path) => otherPath(path)), ["http-malformed"]],
  ["a redirect to a file of the edge", redirect(() => "file:///etc/passwd"), ["http-malformed"]],
  ["a redirect to data", redirect(() => "data:,hello"), ["http-malformed"]],
  [
    "a redirect into the private network",
    redirect(() => "http://169.254.169.254/latest/meta-data/"),
    ["http-malformed"],
  ],
  [
    "a redirect to another port here",
    redirect(({ origin }) => origin.replace(/:\d+\/$/, ":1/")),
    ["http-malformed"],
  ],
  ["a redirect to nowhere", status(302), ["http-malformed", "http-status"]],
];

/** Oddities that are no lies: what arrives is what is signed. */
export const WIRE_ODDITIES: readonly (readonly [what: string, odd: WireLie])[] = [
  ["as a picture", async (wire, honest) => {
    await wire.send(headOf(200, { "content-type": "image/png" }));
    await wire.send(honest);
  }],
  ["byte by byte, in chunks", async (wire, honest) => {
    await wire.send(headOf(200, { "transfer-encoding": "chunked" }));
    for (const byte of honest.subarray(0, 3)) {
      await wire.send("1\r\n");
      await wire.send(Uint8Array.of(byte));
      await wire.send("\r\n");
    }
    await wire.send(`${(honest.length - 3).toString(16)}\r\n`);
    await wire.send(honest.subarray(3));
    await wire.send("\r\n0\r\n\r\n");
  }],
  ["by HTTP/1.0, without a length", async (wire, honest) => {
    await wire.send("HTTP/1.0 200 OK\r\n\r\n");
    await wire.send(honest);
  }],
  ["by a redirect to another path there", async (wire, honest, path) => {
    if (path.endsWith("?again")) {
      await wire.send(fine(honest.length));
      await wire.send(honest);
    } else await wire.send(headOf(307, { location: `${path}?again` }));
  }],
];
