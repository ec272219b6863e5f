import type { RawRequest } from "./raw_http.ts";

/** One rule of HTTP, and the exchange that shows whether it is kept. */
export interface HttpRule {
  /** What holds, as a sentence. */
  readonly rule: string;
  readonly ask: RawRequest;
  readonly status: number | readonly number[];
  /** Headers of the answer; `null`: it must not have it. */
  readonly headers?: Readonly<Record<string, string | RegExp | null>>;
  /** The body; without it, the answer has none. `"any"`: whatever. */
  readonly body?: Uint8Array | "any";
  /** What the body holds, as zstd frames. */
  readonly decoded?: Uint8Array;
  /** Only the edge's own socket shows this: no `Request` holds it, or a hop in between changes it. */
  readonly raw?: true;
  /** The runtime may answer by itself, without the edge's own headers. */
  readonly byRuntime?: true;
}

/** A file that the edge serves, as it must be served. */
export interface SampleFile {
  readonly target: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 in hex, which is its entity tag. */
  readonly sha256: string;
  readonly type: string;
  readonly cache: RegExp;
  /** What its answers vary by. */
  readonly vary: string | null;
}

const IMMUTABLE = /\bmax-age=31536000, immutable, no-transform$/;
const POINTER = /^public, max-age=5, must-revalidate, no-transform$/;

/** How files of each kind may be kept. */
export const CACHE = { IMMUTABLE, POINTER } as const;

/** Rules that every file obeys: RFC 9110, sections 9.3, 13 and 14; RFC 9111, section 5.2. */
export function fileRules({ target, bytes, sha256, type, cache, vary }: SampleFile): HttpRule[] {
  const tag = `"${sha256}"`;
  const other = `"${"0".repeat(64)}"`;
  const size = bytes.length;
  const common = { etag: tag, "accept-ranges": "bytes", "content-type": type, vary };
  const whole = {
    status: 200,
    headers: {
      ...common,
      "cache-control": cache,
      "content-length": String(size),
      "content-range": null,
      "content-encoding": null,
      "last-modified": null,
    },
    body: bytes,
  };
  const notModified = { status: 304, headers: { etag: tag, "cache-control": cache, vary } };
  const failed = { status: 412, headers: { "cache-control": "no-store", vary } };
  const part = (from: number, to: number) => ({
    status: 206,
    headers: {
      ...common,
      "cache-control": cache,
      "content-length": String(to - from),
      "content-range": `bytes ${from}-${to - 1}/${size}`,
    },
    body: bytes.slice(from, to),
  });
  const beyond = { status: 416, headers: { "content-range": `bytes */${size}`, etag: null, vary } };
  const date = new Date(0).toUTCString();
  const late = new Date(4e12).toUTCString();
  const range = "bytes=1-3";
  const rules: [string, Record<string, string>, Omit<HttpRule, "rule" | "ask">][] = [
    ["a GET sends the whole", {}, whole],
    ["no runtime applies an encoding", { "accept-encoding": "gzip, br" }, { ...whole, raw: true }],
    ["the first byte is a range", { range: "bytes=0-0" }, part(0, 1)],
    ["a range holds both of its ends", { range: "bytes=5-9" }, part(5, 10)],
    ["an open range goes to the end", { range: `bytes=${size - 4}-` }, part(size - 4, size)],
    ["a suffix counts from the end", { range: "bytes=-7" }, part(size - 7, size)],
    ["a suffix longer than the file is the file", { range: `bytes=-${size + 9}` }, part(0, size)],
    ["a range past the end stops there", { range: `bytes=2-${size + 9}` }, part(2, size)],
    ["a bound of twenty digits is a bound", { range: `bytes=2-${"9".repeat(20)}` }, part(2, size)],
    ["units have no case", { range: "BYTES=0-0" }, part(0, 1)],
    ["a range that begins at the end is none", { range: `bytes=${size}-` }, beyond],
    ["a range far beyond is none", { range: `bytes=${"9".repeat(20)}-` }, beyond],
    ["the last no bytes are none", { range: "bytes=-0" }, beyond],
    ["several ranges are the whole", { range: "bytes=0-1,5-6" }, whole],
    ["overlapping ranges are the whole", { range: "bytes=0-,0-,0-,0-" }, whole],
    ["a range that ends before it begins is ignored", { range: "bytes=9-3" }, whole],
    ["another unit is ignored", { range: "lines=1-2" }, whole],
    ["a range without numbers is ignored", { range: "bytes=-" }, whole],
    ["a range of words is ignored", { range: "bytes=a-b" }, whole],
    ["a range with blanks in it is ignored", { range: "bytes=1 0-2 0" }, whole],
    ["a negative range is ignored", { range: "bytes=--5" }, whole],
    ["no range is ignored", { range: "" }, whole],

    ["a known tag is not sent again", { "if-none-match": tag }, notModified],
    ["a weak tag is as good", { "if-none-match": `W/${tag}` }, notModified],
    ["a tag may stand in a list", { "if-none-match": `"a,b", ${other},${tag}` }, notModified],
    ["a star is any tag", { "if-none-match": "*" }, notModified],
    ["an unknown tag is answered", { "if-none-match": other }, whole],
    ["a tag without quotes is none", { "if-none-match": sha256 }, whole],
    ["a star in a list is none", { "if-none-match": `${other}, *` }, whole],
    ["a tag in another tag is none", { "if-none-match": `"x, ${tag}` }, whole],
    ["a known tag wins over a range", { "if-none-match": tag, range }, notModified],
    ["a known tag wins over a date", {
      "if-none-match": tag,
      "if-modified-since": date,
    }, notModified],
    ["without a date, no date is compared", { "if-modified-since": late }, whole],
    ["without a date, none is required", { "if-unmodified-since": date }, whole],

    ["a tag that is required is there", { "if-match": tag }, whole],
    ["one of a list suffices", { "if-match": `${other}, ${tag}` }, whole],
    ["any tag is there", { "if-match": "*" }, whole],
    ["a tag that is required is not there", { "if-match": other }, failed],
    ["a weak tag is never strong enough", { "if-match": `W/${tag}` }, failed],
    ["what is required comes first", { "if-match": other, "if-none-match": tag }, failed],
    ["what is required comes before the range", { "if-match": other, range }, failed],
    ["both conditions hold", { "if-match": tag, "if-none-match": other, range }, part(1, 4)],

    ["a range of this version", { range, "if-range": tag }, part(1, 4)],
    ["a range of another version is the whole", { range, "if-range": other }, whole],
    ["a range by a weak tag is the whole", { range, "if-range": `W/${tag}` }, whole],
    ["a range by a date is the whole", { range, "if-range": late }, whole],
    ["another version has no wrong range", { range: "bytes=-0", "if-range": other }, whole],
    ["If-Range without a range says nothing", { "if-range": other }, whole],
  ];
  return rules.flatMap(([rule, headers, expected]) => {
    // Ranges are defined for GET alone (RFC 9110, section 14.2).
    const { body: _, ...head } = [206, 416].includes(expected.status as number) ? whole : expected;
    return [
      { rule: `GET ${target}: ${rule}`, ask: { target, headers }, ...expected },
      { rule: `HEAD ${target}: ${rule}`, ask: { method: "HEAD", target, headers }, ...head },
    ];
  });
}

/** Rules of methods and of asking from a browser: RFC 9110, sections 9 and 15.5; the Fetch standard. */
export function methodRules(files: readonly SampleFile[]): HttpRule[] {
  const read = { allow: "GET, HEAD, OPTIONS", "cache-control": "no-store" };
  const ask = { allow: "POST, OPTIONS", "cache-control": "no-store" };
  const readable = [
    ...files.map(({ target }) => target),
    ...["/", "/healthz", "/readyz", "/metrics", "/status.json", "/hints/x", "/packs/x"],
  ];
  const wrong = readable.flatMap((target) =>
    ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"].map((method): HttpRule => ({
      rule: `${method} ${target} is told what is allowed`,
      ask: { method, target },
      status: 405,
      headers: read,
    }))
  );
  const preflight = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": /\bif-match\b.*\brange\b/,
  };
  return [
    ...wrong,
    ...["GET", "HEAD", "PUT", "DELETE"].map((method): HttpRule => ({
      rule: `${method} /chunks is told what is allowed`,
      ask: { method, target: "/chunks" },
      status: 405,
      headers: ask,
    })),
    {
      rule: "a browser may read from any origin",
      ask: { method: "OPTIONS", target: readable[0] as string },
      status: 204,
      headers: { ...preflight, "access-control-allow-methods": "GET, HEAD, OPTIONS" },
    },
    {
      rule: "a browser may ask for chunks from any origin",
      ask: { method: "OPTIONS", target: "/chunks" },
      status: 204,
      headers: { ...preflight, "access-control-allow-methods": "POST, OPTIONS" },
    },
    {
      rule: "OPTIONS * is no path",
      ask: { method: "OPTIONS", target: "*" },
      status: [204, 400],
      raw: true,
      body: "any",
      byRuntime: true,
    },
    {
      rule: "TRACE reflects nothing",
      ask: { method: "TRACE", target: "/healthz", headers: { "x-secret": "s3cret" } },
      status: [400, 405, 501],
      raw: true,
      body: "any",
      byRuntime: true,
    },
  ];
}

/** Rules of paths: what is not licensed is not there, however it is spelled. */
export function pathRules(files: readonly SampleFile[], size: number): HttpRule[] {
  const nothing = { status: 404, headers: { etag: null, "cache-control": "no-store" } };
  const pack = files.find(({ target }) => target.startsWith("/packs/")) as SampleFile;
  const zero = "0".repeat(64);
  const missing = [
    ...["/nothing", "/current", "/sweep", "/parts/x", "/metadata/", "/metadata/none.json"],
    ...["/targets/", "/targets/none", "/targets/%", "/targets/%zz", "/targets/%ff%fe"],
    ...["/targets/%00", "/targets/none%00.tar", "/targets/..%2f..%2fetc%2fpasswd"],
    ...["/packs/..%2fcurrent", "/packs/", `/packs/${zero}`, `/deltas/${zero}`, `/hints/${zero}`],
    ...[`/packs/${zero}/`, `${pack.target}/`, `${pack.target}%20`, `${pack.target}.parts`],
    ...["/metadata/%2e%2e%2ftargets", "/metadata/constructor", "/targets/__proto__"],
    ...[`/targets/${"a".repeat(4096)}`, `/targets/${"%61".repeat(4096)}`],
  ];
  const untouched = ["//", "/targets/../current", "/metadata/../current", "/../../etc/passwd"];
  return [
    ...missing.map((target): HttpRule => ({
      rule: `${target.slice(0, 60)} is not there, and nothing says why`,
      ask: { target },
      ...nothing,
    })),
    {
      rule: "what is not there meets no condition",
      ask: { target: "/targets/none", headers: { "if-match": "*", range: "bytes=0-1" } },
      ...nothing,
    },
    ...untouched.map((target): HttpRule => ({
      rule: `${target} on the wire leads nowhere`,
      ask: { target },
      status: [400, 404],
      raw: true,
      body: "any",
      byRuntime: true,
    })),
    {
      rule: "a dot segment on the wire does not lead out of a folder",
      ask: { target: `/targets/..${pack.target}` },
      status: [200, 400, 404],
      raw: true,
      body: "any",
      byRuntime: true,
    },
    {
      rule: "a query changes nothing",
      ask: { target: `${pack.target}?v=1` },
      status: 200,
      body: pack.bytes,
    },
    {
      rule: "a URL of 20,000 characters is refused",
      ask: { target: `/targets/${"a".repeat(size)}` },
      status: [414, 431],
      body: "any",
      byRuntime: true,
    },
    {
      rule: "the absolute form of a URL is the URL",
      ask: { target: `http://edge.test${pack.target}` },
      status: 200,
      body: pack.bytes,
      raw: true,
    },
    {
      rule: "a control character on the wire is no part of a URL",
      ask: { target: "/targets/a\u0000b" },
      status: [0, 400, 404],
      raw: true,
      body: "any",
      byRuntime: true,
    },
    {
      rule: "headers of a megabyte are refused",
      ask: { target: "/healthz", headers: { "x-long": "a".repeat(1 << 20) } },
      status: [0, 400, 413, 431],
      raw: true,
      body: "any",
      byRuntime: true,
    },
  ];
}
