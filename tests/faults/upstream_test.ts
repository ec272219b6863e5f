import assert from "node:assert/strict";
import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { Upstream } from "../../src/mirror/mod.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { followRedirects, HttpClient, MirrorSet } from "../../src/transport/mod.ts";
import { bodyOf, edgeOf, Origin } from "../mirror/edge_fixture.ts";
import { ForeignOrigin } from "../mirror/foreign_fixture.ts";
import { noise } from "../publish/memory_tree.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { LyingUpstream } from "./lying_upstream.ts";
import { WIRE_LIES, WIRE_ODDITIES } from "./wire_lies.ts";

const DAY = 24 * 60 * 60_000;

/** What is lied about, in the order in which a refresh asks for it. */
const PLACES = [
  ["the timestamp", /\/timestamp\.json/],
  ["the targets metadata", /\.targets\.json/],
  ["an index", /\.index/],
  ["a pack", /\/packs\//],
] as const;

/** The upstream as a real edge asks it, but less patient. */
function upstreamAt(url: string): Upstream {
  const timeouts = { headers: 300, idle: 300 };
  const http = new HttpClient({ fetch: followRedirects(fetch, "nowhere"), timeouts });
  return new Upstream(new MirrorSet([url], http));
}

/** SHA-256 of every object, by its key. */
async function digests(store: ManagedStore): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { key } of store.list("")) {
    const bytes = (await store.get(key))?.bytes as Uint8Array;
    found.set(key, encodeHex(await sha256(bytes)));
  }
  return found;
}

for (const [what, lie, codes] of WIRE_LIES) {
  Deno.test(`an upstream that answers with ${what}: the last good state is served, and told why`, async () => {
    const origin = await Origin.create();
    await origin.release("1.0.0", { app: noise(300_000, 1) });
    await using upstream = new LyingUpstream(origin.fetch);
    const events: Record<string, unknown>[] = [];
    const { edge, store, get } = await edgeOf(origin, {
      upstream: upstreamAt(upstream.url),
      log: (_level, event, fields) => events.push({ event, ...fields }),
    });
    await edge.refresh();
    const timestamp = await bodyOf(await get("/metadata/timestamp.json"));
    const before = await digests(store);
    await origin.release("1.1.0", { app: noise(300_000, 2) });
    const signed = new Set((await digests(origin.store)).values());

    let told: string | undefined;
    for (const [place, path] of PLACES) {
      upstream.lieAbout(path, lie);
      events.length = 0;
      const received = edge.status().upstreamTraffic.bytes;
      const failure = await edge.refresh().then(() => undefined, (error) => error);
      assert.ok(codes.includes(failure?.code), `${what} for ${place}: ${failure}`);
      assert.ok(edge.status().upstreamTraffic.bytes - received < 2 ** 20, "bounded");

      for (const [key, digest] of await digests(store)) {
        if (before.has(key)) assert.equal(digest, before.get(key), `${key} is as it was`);
        else assert.ok(key.endsWith(digest) && signed.has(digest), `${key} is signed`);
      }
      assert.deepEqual(await bodyOf(await get("/metadata/timestamp.json")), timestamp);
      assert.equal((await bodyOf(await get("/targets/hello-1.0.0.tar"))).length > 300_000, true);
      assert.equal((await get("/targets/hello-1.1.0.tar")).status, 404);

      const ready = await get("/readyz");
      assert.equal(ready.status, 200, "what is served is still valid");
      assert.deepEqual((await ready.json()).reasons, [failure.message]);
      assert.equal((await (await get("/status.json")).json()).trouble.code, failure.code);
      const metrics = await (await get("/metrics")).text();
      assert.ok(metrics.includes(`breccia_trouble{code="${failure.code}"} 1`));
      // The same trouble again is no news.
      const { code, message } = failure;
      const news = code === told ? [] : [{ event: "refresh failed", code, message }];
      assert.deepEqual(events.filter(({ event }) => event === "refresh failed"), news);
      told = code;
    }

    upstream.repent();
    assert.equal(await edge.refresh(), true, "an honest upstream is followed again");
    assert.equal((await get("/targets/hello-1.1.0.tar")).status, 200);
    assert.deepEqual((await (await get("/readyz")).json()).reasons, []);
  });
}

for (const [what, lie, codes] of WIRE_LIES) {
  Deno.test(`a large foreign target that comes as ${what} is not served, nor kept`, async () => {
    const origin = await ForeignOrigin.create({ "app-1.bin": pseudoRandomBytes(400_000, 1) });
    await using upstream = new LyingUpstream(origin.fetch);
    const { edge, store, get } = await edgeOf(origin, { upstream: upstreamAt(upstream.url) });
    await edge.refresh();
    const before = await digests(store);
    await origin.publish({ "app-2.bin": pseudoRandomBytes(400_000, 2) });

    upstream.lieAbout(/app-2/, lie);
    const failure = await edge.refresh().then(() => undefined, (error) => error);
    assert.ok(codes.includes(failure?.code), String(failure));
    assert.deepEqual(await digests(store), before);
    assert.equal((await get("/targets/app-1.bin")).status, 200);
    assert.equal((await get("/targets/app-2.bin")).status, 404);

    upstream.repent();
    assert.equal(await edge.refresh(), true);
    assert.equal((await get("/targets/app-2.bin")).status, 200);
  });
}

for (const [what, odd] of WIRE_ODDITIES) {
  Deno.test(`an upstream may send what is signed ${what}`, async () => {
    const origin = await Origin.create();
    await origin.release("1.0.0", { app: noise(300_000, 1) });
    await using upstream = new LyingUpstream(origin.fetch);
    const { edge, get } = await edgeOf(origin, { upstream: upstreamAt(upstream.url) });
    upstream.lieAbout(/./, odd);
    assert.equal(await edge.refresh(), true);
    assert.equal((await get("/targets/hello-1.0.0.tar")).status, 200);
  });
}

const UNREACHABLE = [
  ["a host that has no address", `http://${"a".repeat(64)}.test/`],
  ["a port where nobody listens", "http://127.0.0.1:1/"],
] as const;

for (const [what, url] of UNREACHABLE) {
  Deno.test(`${what}: an edge that restarts serves what it has, and says why it is not newer`, async () => {
    const origin = await Origin.create();
    await origin.release("1.0.0", { app: "one" });
    const { edge: before, store } = await edgeOf(origin);
    await before.refresh();
    const { edge, get } = await edgeOf(origin, { store, upstream: upstreamAt(url) });
    await assert.rejects(edge.refresh(), (error) => isBrecciaError(error, "offline"));
    assert.equal((await get("/targets/hello-1.0.0.tar")).status, 200);
    assert.equal((await (await get("/readyz")).json()).reasons.length, 1);
  });
}

Deno.test("an upstream that speaks no TLS where TLS is asked for is offline", async () => {
  const origin = await Origin.create();
  await using upstream = new LyingUpstream(origin.fetch);
  const url = upstream.url.replace("http:", "https:");
  const { edge, store } = await edgeOf(origin, { upstream: upstreamAt(url) });
  await assert.rejects(edge.refresh(), (error) => isBrecciaError(error, "offline"));
  assert.equal((await digests(store)).size, 0);
});

Deno.test("a clock a day behind: news is taken, and nothing of it is lost when the clock is set", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: "one" });
  let now = NOW - DAY;
  const { edge, get } = await edgeOf(origin, { clock: { now: () => now } });
  assert.equal(await edge.refresh(), true);
  now = NOW;
  await origin.release("1.1.0", { app: "two" });
  assert.equal(await edge.refresh(), true);
  assert.equal((await get("/targets/hello-1.1.0.tar")).status, 200);
});

Deno.test("a clock ahead of the timestamp's end: not ready, told why, and well again once it is set", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: "one" });
  let now = NOW;
  const { edge, store, get } = await edgeOf(origin, { clock: { now: () => now } });
  await edge.refresh();
  const before = await digests(store);
  await origin.release("1.1.0", { app: "two" });

  now = NOW + 8 * DAY;
  await assert.rejects(edge.refresh(), (error) => isBrecciaError(error, "freeze"));
  assert.deepEqual(await digests(store), before);
  const ready = await get("/readyz");
  assert.equal(ready.status, 503);
  const { reasons } = await ready.json();
  assert.match(reasons.join(), /has expired.*clock/s);
  assert.equal(
    (await get("/targets/hello-1.0.0.tar")).status,
    200,
    "clients judge by their clocks",
  );

  now = NOW;
  assert.equal(await edge.refresh(), true);
  assert.equal((await get("/readyz")).status, 200);
  assert.equal((await get("/targets/hello-1.1.0.tar")).status, 200);
});
