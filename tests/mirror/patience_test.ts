import assert from "node:assert/strict";
import { BrecciaError } from "../../src/errors.ts";
import { type RetryPolicyOptions, runRefreshLoop, Upstream } from "../../src/mirror/mod.ts";
import { RetryPolicy } from "../../src/transport/retry_policy.ts";
import { HttpClient, MirrorSet } from "../../src/transport/mod.ts";
import { noise } from "../publish/memory_tree.ts";
import { edgeOf, Origin } from "./edge_fixture.ts";
import { ForeignOrigin } from "./foreign_fixture.ts";

const SECOND = 1000;

/** Waits that take no time, in the middle of their spread. */
function patient(waits: number[]): RetryPolicyOptions {
  return { random: () => 0.5, wait: (ms) => Promise.resolve(void waits.push(ms)) };
}

function upstreamOf(
  fetch: Origin["fetch"],
  waits: number[],
  urls = ["http://origin.test/"],
): Upstream {
  const timeouts = { headers: 300, idle: 300 };
  const mirrors = new MirrorSet(urls, new HttpClient({ fetch, timeouts }));
  return new Upstream(mirrors, { patience: patient(waits) });
}

const busy = (seconds?: number) => () =>
  new Response(null, {
    status: seconds === undefined ? 429 : 503,
    headers: seconds === undefined ? {} : { "retry-after": String(seconds) },
  });

function brokenOff(): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new Uint8Array(10));
      controller.error(new TypeError("connection reset"));
    },
  });
  return new Response(body);
}

const FAILURES: readonly (readonly [what: string, fail: () => Response, waits: number[]])[] = [
  ["429", busy(), [500]],
  ["503 with Retry-After", busy(5), [5500]],
  ["a connection that is refused", () => {
    throw new TypeError("connection refused");
  }, [500]],
  ["a body that breaks off", brokenOff, [500]],
];

for (const [what, fail, expected] of FAILURES) {
  for (const place of ["metadata/timestamp.json", ".index", "packs/"]) {
    Deno.test(`${what} for ${place} is tried again within the pass`, async () => {
      const origin = await Origin.create();
      await origin.release("1.0.0", { app: noise(200_000, 1) });
      const waits: number[] = [];
      let failed = false;
      origin.lie = (path) => {
        if (failed || !path.includes(place)) return Promise.resolve(undefined);
        failed = true;
        return Promise.resolve().then(fail);
      };
      const { edge, get } = await edgeOf(origin, { upstream: upstreamOf(origin.fetch, waits) });
      assert.equal(await edge.refresh(), true);
      assert.deepEqual(waits, expected);
      assert.equal(edge.status().trouble, null);
      assert.equal((await get("/targets/hello-1.0.0.tar")).status, 200);
    });
  }
}

Deno.test("a server that stays busy fails the pass after four tries of a request, later and later", async () => {
  const origin = await Origin.create();
  origin.lie = () => Promise.resolve(busy()());
  const waits: number[] = [];
  const { edge } = await edgeOf(origin, { upstream: upstreamOf(origin.fetch, waits) });
  await assert.rejects(edge.refresh(), { code: "http-status" });
  assert.deepEqual(waits, [500, 1000, 2000]);
  assert.equal(origin.requests.length, 4);
});

Deno.test("a server that asks for more than 20 s is left to the schedule, which waits so long", async () => {
  const origin = await Origin.create();
  origin.lie = () => Promise.resolve(busy(60)());
  const [waits, slept]: number[][] = [[], []];
  const { edge } = await edgeOf(origin, { upstream: upstreamOf(origin.fetch, waits!) });
  const ended = new AbortController();
  const sleep = (milliseconds: number) => {
    slept!.push(milliseconds);
    ended.abort();
    return Promise.resolve();
  };
  await runRefreshLoop(edge, { interval: 5000, signal: ended.signal, random: () => 0, sleep });
  assert.deepEqual([waits, slept], [[], [60 * SECOND]]);
  assert.equal(origin.requests.length, 1);
});

Deno.test("what is refused for what it is, is not asked for again", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(200_000, 1) });
  const waits: number[] = [];
  for (const answer of ["<html>", "{}", "x".repeat(100_000)]) {
    origin.lie = () => Promise.resolve(new Response(answer));
    const { edge } = await edgeOf(origin, { upstream: upstreamOf(origin.fetch, waits) });
    await assert.rejects(edge.refresh());
  }
  origin.lie = () => Promise.resolve(new Response(null, { status: 500 }));
  const { edge } = await edgeOf(origin, { upstream: upstreamOf(origin.fetch, waits) });
  await assert.rejects(edge.refresh(), { code: "http-status" });
  assert.deepEqual(waits, []);
});

Deno.test("a mirror that answers is taken at once, however long another asks to wait", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(200_000, 1) });
  const waits: number[] = [];
  const fetch = (request: Request) =>
    new URL(request.url).host === "a.test" ? Promise.resolve(busy(15)()) : origin.fetch(request);
  const upstream = upstreamOf(fetch, waits, ["http://a.test/", "http://b.test/"]);
  const { edge } = await edgeOf(origin, { upstream });
  await edge.refresh();
  assert.deepEqual(waits, []);
});

Deno.test("a pass over 300 targets gets through an upstream that answers 429 to every tenth request", async () => {
  const targets = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`t${i}`, noise(500, i) as Uint8Array<ArrayBuffer>]),
  );
  const origin = await ForeignOrigin.create(targets);
  let asked = 0;
  origin.lie = () => ++asked % 10 === 0 ? busy(1)() : undefined;
  const waits: number[] = [];
  const { edge } = await edgeOf(origin, { upstream: upstreamOf(origin.fetch, waits) });
  await edge.refresh();
  assert.equal(edge.status().targets, 300);
  assert.ok(waits.length >= 30 && waits.every((wait) => wait === 1100));
});

Deno.test("a pass over an upstream that has gone down asks little more than without patience", async () => {
  const targets = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`t${i}`, noise(500, i) as Uint8Array<ArrayBuffer>]),
  );
  const origin = await ForeignOrigin.create(targets);
  origin.lie = (path) => path.startsWith("targets/") ? busy()() : undefined;
  const waits: number[] = [];
  const { edge } = await edgeOf(origin, { upstream: upstreamOf(origin.fetch, waits) });
  for (let pass = 0; pass < 10; pass++) await assert.rejects(edge.refresh());
  assert.ok(waits.length <= 32 + 20, `${waits.length} retries in ten passes`);
});

Deno.test("who no longer wants it waits no longer", async () => {
  const patience = new RetryPolicy({ random: () => 0, wait: () => Promise.resolve(stop.abort()) });
  const stop = new AbortController();
  let tries = 0;
  const act = () => {
    tries++;
    return Promise.reject(new BrecciaError("offline", "gone"));
  };
  await assert.rejects(patience.run(act, stop.signal), { code: "offline" });
  assert.equal(tries, 2);
});
