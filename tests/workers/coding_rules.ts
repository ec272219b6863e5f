import type { HttpRule, SampleFile } from "./http_rules.ts";

/** Rules of content codings: RFC 9110, sections 12.5.3 and 8.8.3.3; RFC 8878 and 9659. */
export function codingRules(
  { target, bytes, sha256, cache }: SampleFile,
  zstdTag: string,
): HttpRule[] {
  const tag = `"${sha256}"`;
  const coded = `"${zstdTag}"`;
  const vary = "accept-encoding";
  const zstd = {
    status: 200,
    headers: {
      etag: coded,
      vary,
      "content-encoding": "zstd",
      "content-length": /^\d+$/,
      "cache-control": cache,
      "accept-ranges": "none",
    },
    decoded: bytes,
  };
  const asItIs = {
    status: 200,
    headers: { etag: tag, vary, "content-encoding": null, "accept-ranges": "bytes" },
    body: bytes,
  };
  const part = {
    status: 206,
    headers: { etag: tag, vary, "content-encoding": null, "content-range": /^bytes 1-3\// },
    body: bytes.slice(1, 4),
  };
  // Miniflare's server judges that by itself.
  const neither = { raw: true as const, status: 406, headers: { vary, "content-encoding": null } };
  const known = { status: 304, headers: { etag: coded, vary } };
  const failed = { status: 412, headers: { vary } };
  const accept = (codings: string, more: Record<string, string> = {}) => ({
    "accept-encoding": codings,
    ...more,
  });
  const range = "bytes=1-3";
  const rules: [string, Record<string, string>, Omit<HttpRule, "rule" | "ask">][] = [
    ["zstd is sent to who takes it", accept("zstd"), zstd],
    ["zstd may be one of many", accept("gzip, deflate, br, zstd"), zstd],
    ["codings have no case", accept("ZSTD"), zstd],
    ["a small weight is a weight", accept("zstd;q=0.001"), zstd],
    ["blanks around a weight are allowed", accept("gzip , zstd ; q=0.5"), zstd],
    ["zstd alone is acceptable", accept("zstd, *;q=0"), zstd],
    ["anything but the file as it is", accept("*, identity;q=0"), zstd],
    ["zstd is as good as the file as it is", accept("identity, zstd"), zstd],
    ["zstd is refused", accept("zstd;q=0"), asItIs],
    ["zstd is refused in three digits", accept("gzip, zstd;q=0.000"), asItIs],
    ["the file as it is is preferred", accept("zstd;q=0.5, identity;q=0.8"), asItIs],
    ["anything goes", accept("*"), asItIs],
    ["nothing is named", accept(""), asItIs],
    ["other codings are named", accept("xzstd, zstdx, zst"), asItIs],
    ["a weight over one is none", accept("zstd;q=2"), asItIs],
    ["another parameter is none", accept("zstd;level=3"), asItIs],
    ["nothing is acceptable", accept("identity;q=0"), neither],
    ["nothing at all is acceptable", accept("*;q=0"), neither],
    ["only what there is not is acceptable", accept("br, *;q=0"), neither],
    ["the tag of the coded form is known", accept("zstd", { "if-none-match": coded }), known],
    ["the tag of the file is another", accept("zstd", { "if-none-match": tag }), zstd],
    ["both tags are known", accept("zstd", { "if-none-match": `${tag}, ${coded}` }), known],
    ["the tag of the coded form is not the file's", { "if-none-match": coded }, asItIs],
    ["the coded form is required", accept("zstd", { "if-match": coded }), zstd],
    ["the file as it is is required", accept("zstd", { "if-match": tag }), failed],
    ["a range is of the file as it is", accept("zstd", { range }), part],
    ["a range of the file", accept("zstd", { range, "if-range": tag }), part],
    [
      "a range of the coded form is the whole",
      accept("zstd", { range, "if-range": coded }),
      asItIs,
    ],
    ["a range of what is not acceptable is none", accept("zstd, identity;q=0", { range }), zstd],
  ];
  return rules.map(([rule, headers, expected]) => ({
    rule: `GET ${target}: ${rule}`,
    ask: { target, headers },
    ...expected,
  }));
}
