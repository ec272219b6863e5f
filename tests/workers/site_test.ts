import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { CHUNK_REQUEST_TYPE, encodeChunkRequest } from "../../src/index/mod.ts";
import { measureStore, Upstream } from "../../src/mirror/mod.ts";
import { type Log, silentLog } from "../../src/ports/mod.ts";
import { HttpClient, MirrorSet } from "../../src/transport/mod.ts";
import { createSite, isPrefix, type MountedUpstream } from "../../workers/status/site.ts";
import { bodyOf, edgeOf, type EdgeUnderTest, Origin } from "../mirror/edge_fixture.ts";
import { ForeignOrigin } from "../mirror/foreign_fixture.ts";
import { noise } from "../publish/memory_tree.ts";
import { clock } from "../publish/repository_fixture.ts";
import { parsePrometheusText } from "./prometheus_text.ts";

async function hexOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Ours at `/apps`, theirs at `prefix`, in one store. */
async function site(prefix = "/") {
  const store = new MemoryStore();
  const ours = await Origin.create();
  await ours.release("1.0.0", { app: noise(300_000, 1) });
  const big = noise(300_000, 2) as Uint8Array<ArrayBuffer>;
  const theirs = await ForeignOrigin.create({ big });
  const apps = await edgeOf(ours, { store, name: "apps" });
  const rest = await edgeOf(theirs, { store, name: "rest" });
  const mount = ({ edge }: EdgeUnderTest, prefix: string): MountedUpstream => {
    return { edge, prefix, log: silentLog };
  };
  const app = createSite([mount(apps, "/apps"), mount(rest, prefix)], { clock });
  const get = async (path: string, init: RequestInit = {}) =>
    await app.fetch(new Request(`http://edge.test${path}`, init));
  return { ours, theirs, apps, rest, app, get, big, prefix };
}

Deno.test("each upstream is a plain repository under its prefix, and one may be at the root", async () => {
  const { apps, rest, get } = await site();
  await Promise.all([apps.edge.refresh(), rest.edge.refresh()]);
  const [pack] = await Array.fromAsync(apps.store.list("packs/"));
  for (
    const [path, edge] of [
      ["/apps/metadata/timestamp.json", apps],
      ["/metadata/timestamp.json", rest],
      ["/apps/targets/hello-1.0.0.tar", apps],
      ["/targets/big", rest],
      [`/apps/${pack!.key}`, apps],
    ] as const
  ) {
    const own = await edge.get(path.replace("/apps", ""));
    const here = await get(path);
    assert.deepEqual([here.status, await bodyOf(here)], [200, await bodyOf(own)], path);
    const range = await get(path, { headers: { range: "bytes=1-3" } });
    assert.deepEqual([range.status, (await bodyOf(range)).length], [206, 3]);
    const known = { "if-none-match": here.headers.get("etag") ?? "" };
    assert.equal((await get(path, { headers: known })).status, 304);
    const head = await get(path, { method: "HEAD" });
    assert.deepEqual([head.status, head.body], [200, null]);
    assert.equal(head.headers.get("content-length"), here.headers.get("content-length"));
    assert.equal((await get(path, { method: "PUT", body: "x" })).status, 405);
  }
});

Deno.test("POST /chunks is answered under each prefix, of what that upstream licenses alone", async () => {
  const { apps, rest, get, big } = await site();
  await Promise.all([apps.edge.refresh(), rest.edge.refresh()]);
  const index = new Uint8Array(await crypto.subtle.digest("SHA-256", big));
  const ask = {
    method: "POST",
    headers: { "content-type": CHUNK_REQUEST_TYPE },
    body: encodeChunkRequest({ index, ordinals: [0, 1] }),
  };
  const answer = await get("/chunks", ask);
  assert.equal(answer.status, 200);
  assert.ok((await bodyOf(answer)).length > 16_000);
  assert.equal((await get("/apps/chunks", ask)).status, 404);
});

Deno.test("no spelling of a path reads one upstream's content under another's prefix", async () => {
  const { apps, rest, get, big } = await site("/other");
  await Promise.all([apps.edge.refresh(), rest.edge.refresh()]);
  const hex = await hexOf(big);
  assert.equal((await get("/other/targets/big")).status, 200);
  const keys = (await Array.fromAsync(rest.store.list(""))).map(({ key }) => key);
  const spellings = [
    ...keys.flatMap((key) => [`/${key}`, `/apps/${key}`, `/upstreams/other/${key}`]),
    ...["/targets/big", `/hints/${hex}`, "/apps/targets/big", `/apps/hints/${hex}`],
    "/apps/targets/..%2F..%2Fother%2Ftargets%2Fbig",
    ...["/apps//other/targets/big", "//other/targets/big", "/%6fther/targets/big"],
    ...["/upstreams/rest/targets/big", "/upstreams/rest/metadata/timestamp.json"],
    ...["/upstreams/rest/../rest/targets/big", "/apps/upstreams/rest/targets/big"],
  ];
  const ofOurs = new Set(
    [...spellings].filter((path) => path.startsWith("/apps/packs/")),
  );
  for (const path of spellings) {
    const { status } = await get(path);
    // The page about an upstream has the name of its pointer in the store, and shows none of it.
    if (ofOurs.has(path) || /^\/upstreams\/(?:apps|rest)$/.test(path)) continue;
    assert.equal(status, 404, path);
  }
  // Packs lie in one place; each is answered only where its own metadata name it.
  for (const key of keys.filter((key) => key.startsWith("packs/"))) {
    const own = (await apps.get(`/${key}`)).status;
    assert.equal((await get(`/apps/${key}`)).status, own, key);
    assert.equal((await get(`/other/${key}`)).status, (await rest.get(`/${key}`)).status, key);
  }
});

Deno.test("a site is ready while one upstream is; each tells for itself what is wrong", async () => {
  const { apps, rest, theirs, get } = await site();
  assert.equal((await get("/readyz")).status, 503);
  theirs.lie = () => new Response("<html>", { status: 200 });
  await apps.edge.refresh();
  await assert.rejects(rest.edge.refresh());
  const ready = await get("/readyz");
  assert.equal(ready.status, 200);
  const { reasons, upstreams } = await ready.json();
  assert.ok(reasons.every((reason: string) => reason.startsWith("rest: ")) && reasons.length > 1);
  assert.deepEqual(
    upstreams.map(({ name, ready }: { name: string; ready: boolean }) => [name, ready]),
    [["apps", true], ["rest", false]],
  );
  assert.equal((await get("/apps/readyz")).status, 200);
  assert.equal((await get("/upstreams/apps/readyz")).status, 200);
  assert.equal((await get("/upstreams/rest/readyz")).status, 503);
  const status = await (await get("/status.json")).json();
  assert.deepEqual([status.ready, status.reasons], [true, reasons]);
  assert.deepEqual(
    status.upstreams.map(({ name, prefix }: Record<string, string>) => [name, prefix]),
    [
      ["apps", "/apps"],
      ["rest", "/"],
    ],
  );
  assert.equal(status.upstreams[0].releases.length, 1);
  assert.deepEqual(
    await (await get("/upstreams/apps/status.json")).json(),
    await (await get("/apps/status.json")).json(),
  );
});

Deno.test("each request has an id and a place in the log, also where the process itself answers", async () => {
  const { apps } = await site();
  const records: Record<string, unknown>[] = [];
  const log: Log = (_, event, fields) => void records.push({ event, ...fields });
  const mounted = [{ edge: apps.edge, prefix: "/apps", log, accessLog: true }];
  const app = createSite(mounted, { clock, log, accessLog: true });
  const paths = ["/healthz", "/status.json", "/", "/none", "/upstreams/none", "/apps/healthz"];
  for (const path of paths) {
    const headers = { "x-request-id": `ask${path.replaceAll("/", "-")}` };
    const response = await app.fetch(new Request(`http://edge.test${path}`, { headers }));
    assert.equal(response.headers.get("x-request-id"), headers["x-request-id"]);
    await bodyOf(response);
  }
  assert.deepEqual(
    records.map(({ event, id, status, upstream }) => [event, id, status, upstream]),
    [
      ["request", "ask-healthz", 200, undefined],
      ["request", "ask-status.json", 200, undefined],
      ["request", "ask-", 200, undefined],
      ["request", "ask-none", 404, undefined],
      ["request", "ask-upstreams-none", 404, undefined],
      ["request", "ask-apps-healthz", 200, "apps"],
    ],
  );
});

Deno.test("metrics have the label of the upstream, and each metric stands in one place", async () => {
  const { apps, rest, get } = await site();
  await apps.edge.refresh();
  await assert.rejects(rest.edge.refresh(AbortSignal.abort()));
  await get("/apps/metadata/timestamp.json");
  await get("/metadata/timestamp.json");
  const text = await (await get("/metrics")).text();
  assert.match(text, /^breccia_ready\{upstream="apps"\} 1$/m);
  assert.match(text, /^breccia_ready\{upstream="rest"\} 0$/m);
  assert.match(
    text,
    /^breccia_answers_total\{upstream="apps",route="metadata",status="200"\} 1$/m,
  );
  assert.match(
    text,
    /^breccia_answers_total\{upstream="rest",route="metadata",status="404"\} 1$/m,
  );
  for (const { samples } of parsePrometheusText(text).values()) {
    for (const { labels } of samples) assert.match(labels.get("upstream") ?? "", /^(?:apps|rest)$/);
  }
});

Deno.test("routes of the process answer reading alone, and prefixes can't take their names", async () => {
  const { get } = await site("/rest");
  for (const path of ["/healthz", "/readyz", "/status.json", "/metrics", "/"]) {
    const head = await get(path, { method: "HEAD" });
    const { status, headers } = await get(path);
    assert.equal(head.status, status);
    assert.equal(head.headers.get("content-length"), headers.get("content-length"));
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("breccia-edge"), "1");
    assert.equal((await get(path, { method: "POST" })).status, 405);
    assert.equal((await get(path, { method: "OPTIONS" })).status, 204);
  }
  for (
    const path of ["/readyz/x", "/nobody/metadata/timestamp.json", "/upstreams", "/upstreams/x"]
  ) {
    assert.equal((await get(path)).status, 404, path);
  }
  for (const name of ["metrics", "targets", "chunks", "upstreams", "a/b", "..", ".", "a%2f", "ä"]) {
    assert.equal(isPrefix(`/${name}`), false, name);
  }
  for (const prefix of ["/", "/apps", "/v1.2_x"]) assert.equal(isPrefix(prefix), true, prefix);
  assert.equal(isPrefix("apps"), false);
});

Deno.test("an edge below mirrors an upstream from under its prefix, and only missing chunks travel", async () => {
  const { theirs, rest, app, big } = await site("/other");
  await rest.edge.refresh();
  const asked: string[] = [];
  const fetch = async (request: Request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`);
    return await app.fetch(request);
  };
  const mirrors = new MirrorSet(["http://edge.test/other/"], new HttpClient({ fetch }));
  const below = await edgeOf(theirs, { upstream: new Upstream(mirrors) });
  await below.edge.refresh();
  const changed = big.with(150_000, big[150_000]! ^ 1);
  await theirs.publish({ changed });
  await rest.edge.refresh();
  asked.length = 0;
  await below.edge.refresh();
  assert.deepEqual(await bodyOf(await below.get("/targets/changed")), changed);
  assert.deepEqual(asked.filter((line) => !line.includes("/metadata/")), [
    `GET /other/hints/${await hexOf(changed)}`,
    "POST /other/chunks",
  ]);
});

Deno.test("an upstream that hangs holds up only those who wait for it", async () => {
  const { apps, rest, theirs, get, prefix } = await site();
  await Promise.all([apps.edge.refresh(), rest.edge.refresh()]);
  const hanging = Promise.withResolvers<Response>();
  theirs.lie = () => hanging.promise;
  const stuck = rest.edge.refresh();
  assert.equal(await apps.edge.refresh(), false);
  assert.equal((await get("/apps/targets/hello-1.0.0.tar")).status, 200);
  assert.equal((await get(`${prefix}targets/big`)).status, 200, "what was verified");
  assert.equal((await get("/readyz")).status, 200);
  hanging.resolve(new Response(null, { status: 500 }));
  await assert.rejects(stuck);
});

Deno.test("the store is shared, and told once; what is saved is told for each and for all", async () => {
  const { apps, rest } = await site();
  await Promise.all([apps.edge.refresh(), rest.edge.refresh()]);
  const size = await measureStore(apps.store, clock.now());
  const mounted = [apps, rest].map(({ edge }) => {
    return { edge, prefix: `/${edge.name}`, log: silentLog };
  });
  const app = createSite(mounted, { clock, storeSize: () => size });
  const get = async (path: string) => await app.fetch(new Request(`http://edge.test${path}`));
  await bodyOf(await get("/rest/targets/big"));
  await bodyOf(await get("/apps/targets/hello-1.0.0.tar"));

  const status = await (await get("/status.json")).json();
  assert.deepEqual(status.store, size);
  assert.deepEqual(status.reads, { memory: 0, store: 2, upstream: 0 });
  for (const upstream of status.upstreams) {
    assert.equal(upstream.reads.store, 1);
    assert.equal("store" in upstream, false);
  }
  const metrics = parsePrometheusText(await (await get("/metrics")).text());
  const [store] = metrics.get("breccia_store_bytes")?.samples ?? [];
  assert.deepEqual([store?.value, store?.labels.size], [size.bytes, 0]);
  assert.equal(metrics.get("breccia_content_reads_total")?.samples.length, 6);
  const page = await (await get("/")).text();
  assert.match(page, /Deduplication<\/dt><dd>saves /);
  assert.match(page, /2 answers in the last hour, 0 of them errors/);
  assert.match(await (await get("/upstreams/rest")).text(), /Hit rate<\/dt><dd>100 %/);
});
