import assert from "node:assert/strict";
import { encodeHex } from "../../src/bytes/mod.ts";
import type { Log } from "../../src/ports/mod.ts";
import { createApp } from "../../workers/http/app.ts";
import { ClientLimits } from "../../workers/http/client_limits.ts";
import { createSite } from "../../workers/status/site.ts";
import { bodyOf, edgeOf, Origin } from "../mirror/edge_fixture.ts";
import { noise } from "../publish/memory_tree.ts";
import { clock } from "../publish/repository_fixture.ts";

type LogRecord = { event: string } & Record<string, unknown>;

/** An edge that logs each answer. */
async function loggedEdge(options: { onDemand?: boolean; accessLog?: boolean } = {}) {
  const { onDemand = false, accessLog = true } = options;
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: encodeHex(noise(400_000, 1)) });
  const { edge, store } = await edgeOf(origin, { onDemand });
  await edge.refresh();
  const records: LogRecord[] = [];
  const log: Log = (_, event, fields) => void records.push({ ...fields, event });
  const app = createApp({ edge, log, accessLog, clock });
  const get = async (path: string, headers: Record<string, string> = {}) =>
    await app.fetch(new Request(`http://edge.test${path}`, { headers }));
  return { origin, edge, store, records, log, get };
}

/** Long enough to be streamed. */
const ARCHIVE = "/targets/hello-1.0.0.tar";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACE_PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

Deno.test("the access log has one record for each answer, from memory too, without its query", async () => {
  const { store, records, get } = await loggedEdge();
  const [pack] = await Array.fromAsync(store.list("packs/"));
  const headers = { "x-request-id": "client-7", traceparent: TRACE_PARENT };
  for (const path of [`/${pack?.key}`, `/${pack?.key}`, "/metadata/timestamp.json?token=hush"]) {
    await bodyOf(await get(path, headers));
  }
  assert.deepEqual(records.map(({ event, path }) => [event, path]), [
    ["request", `/${pack?.key}`],
    ["request", `/${pack?.key}`],
    ["request", "/metadata/timestamp.json"],
  ]);
  for (const record of records) {
    assert.equal(record["id"], "client-7");
    assert.equal(record["trace"], TRACE);
    assert.equal(record["method"], "GET");
    assert.equal(record["status"], 200);
    assert.ok((record["bytes"] as number) > 0);
    assert.equal(typeof record["milliseconds"], "number");
  }
});

Deno.test("without the access log nothing is logged of answers that succeed", async () => {
  const { records, get } = await loggedEdge({ accessLog: false });
  for (const path of ["/metadata/timestamp.json", "/targets/none"]) await bodyOf(await get(path));
  assert.deepEqual(records, []);
});

Deno.test("a failed answer carries the id under which the log says why", async () => {
  const { origin, records, get } = await loggedEdge({ onDemand: true, accessLog: false });
  origin.lie = () => Promise.resolve(new Response("<html>", { status: 500 }));
  const response = await get(ARCHIVE, { traceparent: TRACE_PARENT });
  assert.equal(response.status, 502);
  const [failed] = records;
  assert.equal(records.length, 1);
  assert.equal(failed?.event, "request failed");
  assert.equal(failed?.["code"], "http-status");
  assert.equal(failed?.["trace"], TRACE);
  assert.equal(response.headers.get("x-request-id"), failed?.["id"]);
});

Deno.test("an answer that fails while it is read, before its head, says so by its status", async () => {
  const { origin, records, get } = await loggedEdge({ onDemand: true, accessLog: false });
  await bodyOf(await get("/targets/hello-1.0.0.index"));
  origin.lie = (path) =>
    Promise.resolve(path.startsWith("packs/") ? new Response("<html>") : undefined);
  const response = await get(ARCHIVE, { range: "bytes=0-99" });
  assert.equal(response.status, 502);
  assert.deepEqual(records.map(({ event, code }) => [event, code]), [
    ["request failed", "pack-mismatch"],
  ]);
});

for (const coding of ["identity", "zstd"]) {
  Deno.test(`an answer that breaks off after its head (${coding}) is logged, with why, under its id`, async () => {
    const { origin, records, get } = await loggedEdge({ onDemand: true, accessLog: false });
    await bodyOf(await get("/targets/hello-1.0.0.index"));
    origin.lie = (path) =>
      Promise.resolve(path.startsWith("packs/") ? new Response("<html>") : undefined);
    const headers = { "x-request-id": "client-8", "accept-encoding": coding };
    const response = await get(ARCHIVE, headers);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-encoding") ?? "identity", coding);
    await assert.rejects(bodyOf(response));
    const [{ event, id, path, code, message } = assert.fail(), ...more] = records;
    assert.deepEqual(
      { event, id, path, code },
      { event: "answer broke off", id: "client-8", path: ARCHIVE, code: "pack-mismatch" },
    );
    assert.match(message as string, /Cannot accept pack/);
    assert.deepEqual(more, []);
  });
}

Deno.test("a client that leaves in the midst of an answer is no failure", async () => {
  const { records, get } = await loggedEdge({ onDemand: true, accessLog: false });
  const response = await get(ARCHIVE);
  await response.body?.cancel();
  assert.deepEqual(records, []);
});

Deno.test("a client that asks too much is counted and logged as every other, at every prefix", async () => {
  const { edge, records, log } = await loggedEdge();
  const mounted = { edge, log, accessLog: true, prefix: "/apps" };
  for (const app of [createApp(mounted), createSite([mounted], { clock, log, accessLog: true })]) {
    records.length = 0;
    const limits = new ClientLimits({ rate: 0.1 }, { clock });
    const ask = async (path: string) =>
      await limits.answer(
        new Request(`http://edge.test/apps${path}`, { headers: { "x-request-id": "client-9" } }),
        { address: "192.0.2.1", ended: () => Promise.resolve() },
        app.fetch,
        app.refused,
      );
    await bodyOf(await ask("/healthz"));
    const refused = await ask("/healthz");
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get("x-request-id"), "client-9");
    assert.deepEqual(records.map(({ event, id, status }) => [event, id, status]).at(-1), [
      "request",
      "client-9",
      429,
    ]);
    const metrics = await app.fetch(new Request("http://edge.test/apps/metrics"));
    assert.match(await metrics.text(), /answers_total\{.*route="other",status="429"\} 1/);
  }
});

Deno.test("answers that caches keep carry no request id: they are given to other requests, too", async () => {
  const { store, get } = await loggedEdge();
  const [pack] = await Array.fromAsync(store.list("packs/"));
  const headers = { "x-request-id": "client-7" };
  for (const path of [`/${pack?.key}`, `/${pack?.key}`, "/metadata/timestamp.json"]) {
    const response = await get(path, headers);
    assert.equal(response.headers.get("x-request-id"), null, path);
    await bodyOf(response);
  }
  for (const path of ["/targets/none", "/healthz", "/readyz", "/status.json"]) {
    const response = await get(path, headers);
    assert.equal(response.headers.get("x-request-id"), "client-7", path);
    await bodyOf(response);
  }
});

Deno.test("ids and traces that are not sane are not taken over", async () => {
  const { records, get } = await loggedEdge();
  const zeros = "0".repeat(32);
  const cases: Record<string, string>[] = [
    { "x-request-id": "a b" },
    { "x-request-id": "a".repeat(65) },
    { "x-request-id": '","level":"error' },
    { traceparent: `ff-${TRACE}-00f067aa0ba902b7-01` },
    { traceparent: `00-${zeros}-00f067aa0ba902b7-01` },
    { traceparent: `00-${TRACE}-0000000000000000-01` },
    { traceparent: TRACE_PARENT.toUpperCase() },
    { traceparent: `x${TRACE_PARENT}` },
  ];
  for (const headers of cases) await bodyOf(await get("/healthz", headers));
  const ids = records.map(({ id }) => id as string);
  assert.equal(new Set(ids).size, cases.length, "each has an id of its own");
  for (const id of ids) assert.match(id, /^[\da-f-]{36}$/);
  for (const { trace } of records) assert.equal(trace, undefined);
});

Deno.test("a path of any length takes a bounded place in the log", async () => {
  const { records, get } = await loggedEdge();
  await bodyOf(await get(`/targets/${"x".repeat(8000)}`));
  assert.equal((records[0]?.["path"] as string).length, 513);
});
