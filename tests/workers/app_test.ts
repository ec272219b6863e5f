import assert from "node:assert/strict";
import { concatBytes, sha256 } from "../../src/bytes/mod.ts";
import {
  CHUNK_REQUEST_TYPE,
  decodeIndex,
  encodeChunkRequest,
  openStoredChunk,
} from "../../src/index/mod.ts";
import { silentLog } from "../../src/ports/mod.ts";
import { createApp } from "../../workers/http/app.ts";
import { bodyOf, edgeOf, Origin } from "../mirror/edge_fixture.ts";
import { noise } from "../publish/memory_tree.ts";

const ARCHIVE = "/targets/hello-1.0.0.tar";

async function servedEdge() {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(700_000, 5), "readme.md": "hello\n" });
  const edge = await edgeOf(origin);
  await edge.edge.refresh();
  return { origin, ...edge };
}

Deno.test("ranges of a rebuilt archive are exactly its bytes", async () => {
  const { get } = await servedEdge();
  const whole = await bodyOf(await get(ARCHIVE));
  const size = whole.length;
  const cases: [string, number, number][] = [
    ["bytes=0-0", 0, 1],
    ["bytes=100-299999", 100, 300_000],
    [`bytes=${size - 5}-`, size - 5, size],
    ["bytes=-7", size - 7, size],
    [`bytes=5-${size + 100}`, 5, size],
    [`bytes=-${size + 100}`, 0, size],
  ];
  for (const [range, from, to] of cases) {
    const response = await get(ARCHIVE, { range });
    assert.equal(response.status, 206, range);
    assert.equal(response.headers.get("content-range"), `bytes ${from}-${to - 1}/${size}`);
    assert.equal(response.headers.get("content-length"), String(to - from));
    assert.deepEqual(await bodyOf(response), whole.slice(from, to), range);
  }
  for (const range of ["bytes=0-1,5-6", "bytes=9-3", "lines=1-2", "bytes=-", "bytes=x-y"]) {
    const response = await get(ARCHIVE, { range });
    assert.equal(response.status, 200, `${range} is ignored`);
    assert.equal((await bodyOf(response)).length, size);
  }
  for (const range of [`bytes=${size}-`, "bytes=-0", `bytes=${size}-${size + 5}`]) {
    const response = await get(ARCHIVE, { range });
    assert.equal(response.status, 416, range);
    assert.equal(response.headers.get("content-range"), `bytes */${size}`);
  }
});

Deno.test("conditional requests: 304 for what is known, the whole for a range of another version", async () => {
  const { get } = await servedEdge();
  for (const path of [ARCHIVE, "/metadata/timestamp.json"]) {
    const first = await get(path);
    const etag = first.headers.get("etag") as string;
    const size = (await bodyOf(first)).length;
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const response = await get(path, { "if-none-match": known });
      assert.equal(response.status, 304);
      assert.equal((await bodyOf(response)).length, 0);
      assert.equal(response.headers.get("etag"), etag);
    }
    assert.equal((await get(path, { "if-none-match": '"other"' })).status, 200);
    const range = "bytes=1-3";
    assert.equal((await get(path, { range, "if-range": etag })).status, 206);
    const stale = await get(path, { range, "if-range": '"other"' });
    assert.equal(stale.status, 200);
    assert.equal((await bodyOf(stale)).length, size);
  }
});

Deno.test("HEAD says what GET would send, without a body", async () => {
  const { get } = await servedEdge();
  const whole = await bodyOf(await get(ARCHIVE));
  const head = await get(ARCHIVE, {}, "HEAD");
  assert.equal(head.status, 200);
  assert.equal(head.headers.get("content-length"), String(whole.length));
  assert.equal((await bodyOf(head)).length, 0);
});

Deno.test("packs are immutable bytes, and every answer says that this is an edge", async () => {
  const { get, store, origin } = await servedEdge();
  for await (const { key } of store.list("packs/")) {
    const response = await get(`/${key}`, { range: "bytes=10-19" });
    assert.equal(response.status, 206);
    assert.match(response.headers.get("cache-control") ?? "", /immutable/);
    assert.deepEqual(await bodyOf(response), (await origin.bytes(key)).slice(10, 20));
  }
  for (const path of ["/healthz", "/nothing", "/targets/none", ARCHIVE, "/status.json"]) {
    assert.equal((await get(path)).headers.get("breccia-edge"), "1", path);
  }
});

Deno.test("what is not licensed is not there, whatever the store holds, and 404 says nothing", async () => {
  const { get, store } = await servedEdge();
  const stray = `packs/${"ab".repeat(32)}`;
  await store.put(stray, new Uint8Array([1]));
  await store.put("targets/stray", new Uint8Array([1]));
  const paths = [`/${stray}`, "/targets/stray", "/current", "/metadata/none.json", "/parts/x"];
  paths.push("/packs/..%2fcurrent", "/targets/%", "/targets/..%2f..%2fetc%2fpasswd", "/metadata/");
  for (const path of paths) {
    const response = await get(path);
    assert.equal(response.status, 404, path);
    assert.equal((await bodyOf(response)).length, 0, path);
  }
});

Deno.test("an answer from memory is the answer of the routes, header for header", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(50_000, 3) });
  const { edge, store, get } = await edgeOf(origin);
  await edge.refresh();
  const [pack] = await Array.fromAsync(store.list("packs/"));
  const path = `/${pack?.key}`;
  const tag = `"${path.slice("/packs/".length)}"`;
  const asked: Record<string, string>[] = [
    {},
    { "if-none-match": tag },
    { "if-none-match": `W/${tag}, "other"` },
    { "if-none-match": '"other"' },
    { range: "bytes=5-9" },
    { range: "bytes=5-9", "if-none-match": tag },
  ];
  for (const headers of asked) {
    const { get: cold } = await edgeOf(origin, { store });
    const first = await cold(path, headers);
    await get(path);
    const second = await get(path, headers);
    assert.equal(second.status, first.status);
    assert.deepEqual([...second.headers], [...first.headers]);
    assert.deepEqual(await bodyOf(second), await bodyOf(first));
  }
  for (const name of ["timestamp.json", "1.root.json"]) {
    const etag = (await get(`/metadata/${name}`)).headers.get("etag") as string;
    const hot = await get(`/metadata/${name}`, { "if-none-match": etag });
    const routed = await get(`/metadata/${name}`, { "if-none-match": `${etag}, "other"` });
    assert.equal(hot.status, 304);
    assert.deepEqual([...hot.headers], [...routed.headers]);
  }
  assert.ok(edge.served?.contentInMemory(path.slice(1)), "it was answered from memory");
});

Deno.test("what a new release no longer has is not answered from memory", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(50_000, 3) });
  const { edge, store, get } = await edgeOf(origin);
  await edge.refresh();
  const [pack] = await Array.fromAsync(store.list("packs/"));
  assert.equal((await get(`/${pack?.key}`)).status, 200);
  await origin.release("1.1.0", { app: noise(50_000, 4) });
  await edge.refresh();
  assert.equal(
    edge.served?.contentInMemory(pack?.key ?? ""),
    undefined,
    "its licence is looked up again",
  );
});

Deno.test("other methods are told what is allowed", async () => {
  const { get } = await servedEdge();
  for (const path of [ARCHIVE, "/metadata/timestamp.json", "/packs/x", "/deltas/x"]) {
    const response = await get(path, {}, "DELETE");
    assert.equal(response.status, 405, path);
    assert.equal(response.headers.get("allow"), "GET, HEAD, OPTIONS");
  }
  assert.equal((await get("/chunks")).headers.get("allow"), "POST, OPTIONS");
  const preflight = await get("/chunks", {}, "OPTIONS");
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
});

async function askChunks(
  edge: Awaited<ReturnType<typeof servedEdge>>["edge"],
  body: Uint8Array<ArrayBuffer>,
  type: string = CHUNK_REQUEST_TYPE,
): Promise<Response> {
  const headers = { "content-type": type };
  return await createApp({ edge, log: silentLog })
    .fetch(new Request("http://edge.test/chunks", { method: "POST", headers, body }));
}

Deno.test("a batch answers the chunks asked for, in the order asked, in one stream", async () => {
  const { edge, get } = await servedEdge();
  const bytes = await bodyOf(await get("/targets/hello-1.0.0.index"));
  const index = await decodeIndex(bytes);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const ordinals = [3, 0, 1, 2, index.chunks.count - 1];
  const answer = await bodyOf(
    await askChunks(edge, encodeChunkRequest({ index: hash, ordinals })),
  );
  const view = new DataView(answer.buffer);
  let at = 0;
  for (const ordinal of ordinals) {
    const length = view.getUint32(at, true);
    const chunk = index.chunks.at(ordinal);
    assert.equal(length, chunk.storedLength);
    await openStoredChunk(answer.subarray(at + 4, at + 4 + length), chunk);
    at += 4 + length;
  }
  assert.equal(at, answer.length);
});

Deno.test("a request that names a chunk again is refused: no answer is longer than its release", async () => {
  const { edge, get } = await servedEdge();
  const index = await sha256(await bodyOf(await get("/targets/hello-1.0.0.index")));
  const runs = (...numbers: number[]) => {
    return concatBytes([index, Uint8Array.of(numbers.length / 2, ...numbers)]);
  };
  const repeats = [
    encodeChunkRequest({ index, ordinals: Array(32_768).fill(0) }),
    encodeChunkRequest({ index, ordinals: [0, 1, 0] }),
    ...[runs(0, 1, 0, 1), runs(0, 3, 2, 1), runs(1, 2, 0, 2)],
  ];
  for (const body of repeats) {
    const answer = await askChunks(edge, body);
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /^Cannot [^\n]+ once[^\n]*\n$/);
  }
  assert.equal((await askChunks(edge, runs(2, 1, 0, 2))).status, 200);
});

Deno.test("a batch that is broken, too large, of an unknown release or type is refused", async () => {
  const { edge, get } = await servedEdge();
  const bytes = await bodyOf(await get("/targets/hello-1.0.0.index"));
  const index = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const request = encodeChunkRequest({ index, ordinals: [0] });
  const refusals: [Uint8Array<ArrayBuffer>, number][] = [
    [request.slice(0, 20), 400],
    [concatBytes([request, new Uint8Array(1)]), 400],
    [encodeChunkRequest({ index, ordinals: [1_000_000] }), 400],
    [encodeChunkRequest({ index: new Uint8Array(32), ordinals: [0] }), 404],
    [new Uint8Array(1024 * 1024 + 1), 413],
    [concatBytes([index, new Uint8Array([1, 0, 0x80, 0x80, 0x80, 1])]), 413],
  ];
  for (const [body, status] of refusals) {
    assert.equal((await askChunks(edge, body)).status, status);
  }
  assert.equal((await askChunks(edge, request, "text/plain")).status, 415);
});

Deno.test("an upstream that fails on demand is a 502 without details, and nothing is kept", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(100_000, 3) });
  const { edge, store, get } = await edgeOf(origin, { onDemand: true });
  await edge.refresh();
  origin.lie = (path) =>
    Promise.resolve(
      path.endsWith(".index") ? new Response("<html>", { status: 500 }) : undefined,
    );
  const response = await get(ARCHIVE);
  assert.equal(response.status, 502);
  assert.equal((await bodyOf(response)).length, 0);
  assert.deepEqual(await Array.fromAsync(store.list("targets/")), []);
});

Deno.test("/metrics counts answers by route, never by path, and tells trouble by code", async () => {
  const { edge, origin, get } = await servedEdge();
  await get("/targets/none-of-these");
  await get(ARCHIVE, { range: "bytes=0-9" });
  origin.lie = () => Promise.resolve(new Response("<html>", { status: 500 }));
  await assert.rejects(edge.refresh());
  const response = await get("/metrics");
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  for (
    const line of [
      'breccia_answers_total{route="targets",status="404"} 1',
      'breccia_answers_total{route="targets",status="206"} 1',
      'breccia_sent_bytes_total{route="targets"} 10',
      'breccia_answer_seconds_count{route="targets"} 2',
      'breccia_trouble{code="http-status"} 1',
      "breccia_ready 1",
      "breccia_releases 1",
    ]
  ) assert.ok(text.split("\n").includes(line), `${line} in\n${text}`);
  assert.ok(!text.includes("none-of-these"));
});

Deno.test("the page for people shows freshness, releases and what is new in each, without script", async () => {
  const { edge, origin, get } = await servedEdge();
  await origin.release("1.1.0", { app: noise(700_000, 5), "readme.md": "<script>hi</script>\n" });
  await edge.refresh();
  const response = await get("/");
  assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  const page = await response.text();
  assert.match(page, /^<!doctype html><html lang="en">/);
  assert.ok(!page.includes("<script"));
  for (const shown of ["Ready", "hello 1.0.0", "hello 1.1.0", "(100 %)", "Metadata expires"]) {
    assert.ok(page.includes(shown), shown);
  }
  const fresh = [...page.matchAll(/\((\d+) %\)/g)].map(([, share]) => Number(share));
  assert.equal(fresh[1], 100, "nothing is older than the first release");
  assert.ok((fresh[0] as number) < 50, "most of the second is shared");
});

Deno.test("the page tells trouble in words, with markup in them escaped", async () => {
  const { edge, origin, get } = await servedEdge();
  origin.lie = () => Promise.reject(new TypeError("<b>refused</b>"));
  await assert.rejects(edge.refresh());
  const page = await (await get("/")).text();
  assert.ok(page.includes("Ready, with a warning"));
  assert.ok(page.includes("&lt;b&gt;refused&lt;/b&gt;") && !page.includes("<b>refused"));
});
