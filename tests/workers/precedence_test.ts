import assert from "node:assert/strict";
import fc from "fast-check";
import { bodyOf, edgeOf, Origin } from "../mirror/edge_fixture.ts";
import { noise } from "../publish/memory_tree.ts";

type Tag = "own" | "weak" | "other" | "*";
type Range = readonly [first: number | undefined, last: number | undefined];

interface Asked {
  readonly ifMatch: readonly Tag[] | undefined;
  readonly ifNoneMatch: readonly Tag[] | undefined;
  readonly ifRange: Tag | undefined;
  readonly range: Range | undefined;
  readonly method: "GET" | "HEAD";
}

const tag = fc.constantFrom<Tag>("own", "weak", "other");
const tags = fc.option(
  fc.oneof(fc.constant<Tag[]>(["*"]), fc.array(tag, { minLength: 1, maxLength: 3 })),
  { nil: undefined },
);
const bound = fc.option(fc.nat(30_000), { nil: undefined });
const asked: fc.Arbitrary<Asked> = fc.record({
  ifMatch: tags,
  ifNoneMatch: tags,
  ifRange: fc.option(tag, { nil: undefined }),
  range: fc.option(fc.tuple(bound, bound), { nil: undefined }),
  method: fc.constantFrom("GET", "HEAD"),
});

/** The order of RFC 9110, section 13.2.2, as it is written there. */
function expectedOf({ ifMatch, ifNoneMatch, ifRange, range, method }: Asked, size: number) {
  if (ifMatch !== undefined && !ifMatch.some((tag) => tag === "own" || tag === "*")) return 412;
  if (ifNoneMatch?.some((tag) => tag !== "other")) return 304;
  if (method !== "GET" || range === undefined) return 200;
  if (ifRange !== undefined && ifRange !== "own") return 200;
  const [first, last] = range;
  if (first === undefined) return last === undefined ? 200 : last === 0 ? 416 : 206;
  if (last !== undefined && last < first) return 200;
  return first >= size ? 416 : 206;
}

function headersOf({ ifMatch, ifNoneMatch, ifRange, range }: Asked, etag: string): Headers {
  const spelled = { own: etag, weak: `W/${etag}`, other: '"another"', "*": "*" };
  const list = (tags: readonly Tag[]) => tags.map((tag) => spelled[tag]).join(" , ");
  const headers = new Headers();
  if (ifMatch) headers.set("if-match", list(ifMatch));
  if (ifNoneMatch) headers.set("if-none-match", list(ifNoneMatch));
  if (ifRange) headers.set("if-range", spelled[ifRange]);
  if (range) headers.set("range", `bytes=${range[0] ?? ""}-${range[1] ?? ""}`);
  return headers;
}

Deno.test("whatever is asked together, the answer is that of RFC 9110, from memory and from the routes", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(20_000, 3) });
  const { edge, app, get, store } = await edgeOf(origin);
  await edge.refresh();
  const [pack] = await Array.fromAsync(store.list("packs/"));
  for (const path of [`/${pack?.key}`, "/targets/hello-1.0.0.tar", "/metadata/1.root.json"]) {
    const first = await get(path);
    const etag = first.headers.get("etag") as string;
    const whole = await bodyOf(first);
    await fc.assert(
      fc.asyncProperty(asked, async (asked) => {
        const headers = headersOf(asked, etag);
        const request = new Request(`http://edge.test${path}`, { method: asked.method, headers });
        const response = await app.fetch(request);
        const status = expectedOf(asked, whole.length);
        assert.equal(response.status, status);
        const body = await bodyOf(response);
        if (asked.method === "HEAD" || status === 304 || status >= 400) {
          assert.equal(body.length, 0);
        } else if (status === 200) assert.deepEqual(body, whole);
        else {
          const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(
            response.headers.get("content-range") ?? "",
          );
          const [from, to, size] = (range ?? []).slice(1).map(Number);
          assert.equal(size, whole.length);
          assert.deepEqual(body, whole.slice(from, (to as number) + 1));
          const [start, end] = asked.range as Range;
          if (start !== undefined) assert.equal(from, start);
          else assert.equal(body.length, Math.min(end as number, whole.length));
        }
      }),
      { numRuns: 400 },
    );
  }
});
