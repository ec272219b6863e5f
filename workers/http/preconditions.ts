/** One entity tag of a list, up to its comma; lists may have empty elements (RFC 9110, section 5.6.1). */
const ELEMENT = /[\t ,]*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[\t ]*(?:,[\t ,]*|$)/y;

/**
 * What the conditions of a GET or HEAD say of a file whose entity tag is `etag`, without its quotes, in
 * their order of precedence (RFC 9110, section 13.2.2): `"failed"` is 412, `"unchanged"` is 304,
 * `undefined` lets the answer be sent. Files have no dates, so that conditions on dates say nothing.
 */
export function checkPreconditions(
  headers: Headers,
  etag: string,
): "failed" | "unchanged" | undefined {
  const required = headers.get("if-match");
  if (required !== null && !lists(required, etag, "strong")) return "failed";
  const known = headers.get("if-none-match");
  return known !== null && lists(known, etag, "weak") ? "unchanged" : undefined;
}

/** Whether a list of entity tags, or `*`, holds `etag`. In a list that is no list nothing is found. */
function lists(header: string, etag: string, comparison: "strong" | "weak"): boolean {
  if (header.trim() === "*") return true;
  let found = false;
  ELEMENT.lastIndex = 0;
  while (ELEMENT.lastIndex < header.length) {
    const element = ELEMENT.exec(header);
    if (element === null) return false;
    const isStrong = element[1] === undefined;
    found ||= element[2] === etag && (isStrong || comparison === "weak");
  }
  return found;
}
