import assert from "node:assert/strict";
import fc from "fast-check";
import { parseRange } from "../../workers/http/range_header.ts";

Deno.test("of an empty file no range can be sent, and its last bytes are the whole", () => {
  assert.equal(parseRange("bytes=0-0", 0), "unsatisfiable");
  assert.equal(parseRange("bytes=0-", 0), "unsatisfiable");
  assert.equal(parseRange("bytes=-5", 0), undefined);
});

Deno.test("whatever a header asks, a range that is sent lies inside the file", () => {
  const number = fc.oneof(
    fc.nat(50).map(String),
    fc.constantFrom("", "9".repeat(400), "-1", "1e3"),
  );
  fc.assert(fc.property(number, number, fc.nat(40), (first, last, size) => {
    const range = parseRange(`bytes=${first}-${last}`, size);
    if (range === undefined || range === "unsatisfiable") return;
    assert.ok(range.offset >= 0 && range.length > 0 && range.offset + range.length <= size);
  }));
});
