import assert from "node:assert/strict";
import { busyEdge } from "./busy_edge.ts";
import { type MetricFamily, parsePrometheusText } from "./prometheus_text.ts";

Deno.test("/status.json tells what the store holds, what deltas save and where content came from", async () => {
  const { ask, store } = await busyEdge();
  const status = await (await ask("/status.json")).json();
  let bytes = 0;
  for await (const { key, size } of store.list("")) if (key.includes("/")) bytes += size;
  assert.equal(status.store.bytes, bytes);
  assert.equal(status.store.deltaBytes, status.deltas.bytes, "all deltas lead from the one before");
  assert.equal(status.deltas.deltas, 3);
  assert.ok(status.deltas.bytes < status.deltas.chunkBytes / 2);
  assert.ok(status.store.contentBytes < status.targetBytes, "releases share chunks");
  assert.deepEqual(status.reads, { memory: 39, store: 1, upstream: 0 });
});

Deno.test("/metrics has the same numbers", async () => {
  const { ask } = await busyEdge();
  const { store, deltas, reads, targetBytes } = await (await ask("/status.json")).json();
  const metrics = parsePrometheusText(await (await ask("/metrics")).text());
  const values = (name: string) => metrics.get(name)?.samples.map(({ value }) => value);
  assert.deepEqual(values("breccia_store_bytes"), [store.bytes]);
  assert.deepEqual(values("breccia_store_objects"), [store.objects]);
  assert.deepEqual(values("breccia_store_content_bytes"), [store.contentBytes]);
  assert.deepEqual(values("breccia_store_delta_bytes"), [store.deltaBytes]);
  assert.deepEqual(values("breccia_target_bytes"), [targetBytes]);
  assert.deepEqual(values("breccia_deltas"), [deltas.deltas]);
  assert.deepEqual(values("breccia_delta_bytes"), [deltas.bytes]);
  assert.deepEqual(values("breccia_delta_chunk_bytes"), [deltas.chunkBytes]);
  const from = metrics.get("breccia_content_reads_total") as MetricFamily;
  assert.deepEqual(
    Object.fromEntries(from.samples.map(({ labels, value }) => [labels.get("from"), value])),
    reads,
  );
});

Deno.test("the page tells them in words", async () => {
  const { ask } = await busyEdge();
  const page = await (await ask("/")).text();
  for (
    const shown of [
      /Store<\/dt><dd>[\d.]+ MB</,
      /Deduplication<\/dt><dd>saves \d+ %</,
      /3 deltas<\/dt><dd>save \d+ %</,
      /Hit rate<\/dt><dd>100 %</,
      /of them errors \(3 %\)/,
    ]
  ) assert.match(page, shown);
});

Deno.test("what came from upstream only when it was asked for is no hit", async () => {
  const { ask, origin, edge } = await busyEdge({ onDemand: true });
  assert.deepEqual(edge.reads, { memory: 0, store: 0, upstream: 0 });
  const [pack] = await Array.fromAsync(origin.store.list("packs/"));
  for (let times = 0; times < 3; times++) await (await ask(`/${pack?.key}`)).body?.cancel();
  assert.deepEqual(edge.reads, { memory: 2, store: 0, upstream: 1 });
  const page = await (await ask("/")).text();
  assert.match(page, /Licensed<\/dt><dd>[\d.]+ MB</, "what is not here saves nothing");
  assert.match(page, /Hit rate<\/dt><dd>67 %</);
});

Deno.test("monitors of an edge that brings content on demand make it bring nothing", async () => {
  const { ask, origin } = await busyEdge({ onDemand: true });
  const before = origin.requests.length;
  for (const path of ["/metrics", "/status.json", "/readyz", "/metrics"]) {
    assert.equal((await ask(path)).status, 200);
  }
  assert.equal(origin.requests.length, before);
});

Deno.test("a store that was never measured is told as such, and has no metric", async () => {
  const { ask } = await busyEdge({ measured: false });
  assert.match(await (await ask("/")).text(), /not measured yet/);
  const metrics = parsePrometheusText(await (await ask("/metrics")).text());
  assert.equal(metrics.has("breccia_store_bytes"), false);
  assert.equal((await (await ask("/status.json")).json()).store, null);
});
