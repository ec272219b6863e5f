import assert from "node:assert/strict";
import { gzip } from "pako";
import { decodeHint, encodeHint } from "../../src/archive/mod.ts";
import { equalBytes } from "../../src/bytes/mod.ts";
import type { EdgeOptions } from "../../src/mirror/mod.ts";
import { noise } from "../publish/memory_tree.ts";
import { clock } from "../publish/repository_fixture.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";
import { bodyOf, edgeOf, type EdgeUnderTest, Origin, PATIENT } from "./edge_fixture.ts";
import { ForeignOrigin } from "./foreign_fixture.ts";

const SEEDS = Array.from({ length: 16 }, (_, i) => i + 1);

/** A .tar.gz of 16 files of text; one of them is what `changed` says. */
function archive(changed: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(SEEDS.length * 100_000);
  for (const [i, seed] of SEEDS.entries()) {
    const bytes = pseudoRandomBytes(100_000, i === 7 ? changed : seed);
    whole.set(bytes.map((byte) => 97 + byte % 12), i * 100_000);
  }
  return gzip(whole, { level: 6, legacyHash: true });
}

const FIRST = archive(100);
const SECOND = archive(200);

/** What an edge mirrors: an origin, or another edge on loopback that can be unplugged and can lie. */
interface Level extends AsyncDisposable {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly root: () => Promise<Uint8Array>;
  plugged: boolean;
  /** Paths that were asked for. */
  readonly requests: string[];
  lie: (path: string, response: Response) => Promise<Response>;
}

/** Serves an edge on loopback for the edge below it. */
function serve(edge: EdgeUnderTest, root: () => Promise<Uint8Array>): Level {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => edge.app.fetch(request),
  );
  const level: Level = {
    plugged: true,
    requests: [],
    root,
    lie: (_path, response) => Promise.resolve(response),
    fetch: async (request) => {
      if (!level.plugged) throw new TypeError("the network is unreachable");
      const { pathname } = new URL(request.url);
      level.requests.push(pathname);
      const url = new URL(pathname, `http://127.0.0.1:${server.addr.port}`);
      return await level.lie(pathname, await fetch(new Request(url, request)));
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return level;
}

async function stack(
  origin: Pick<Level, "fetch" | "root">,
  options: Pick<EdgeOptions, "clock"> = { clock },
): Promise<{ edges: EdgeUnderTest[]; levels: Level[]; refresh: () => Promise<void> }> {
  const edges: EdgeUnderTest[] = [];
  const levels: Level[] = [];
  for (let tier = 0; tier < 3; tier++) {
    const edge = await edgeOf(levels.at(-1) ?? origin, options, PATIENT);
    edges.push(edge);
    levels.push(serve(edge, () => origin.root()));
  }
  const refresh = async () => {
    for (const { edge } of edges) await edge.refresh();
  };
  return { edges, levels, refresh };
}

async function close(levels: readonly Level[]): Promise<void> {
  for (const level of levels) await level[Symbol.asyncDispose]();
}

const traffic = ({ edge }: EdgeUnderTest) => edge.status().upstreamTraffic.bytes;

Deno.test("three tiers: only the chunks that a .tar.gz changed travel between edges", async () => {
  const origin = await ForeignOrigin.create({ "app-1.tar.gz": FIRST });
  const { edges, levels, refresh } = await stack(origin);
  await refresh();
  await origin.publish({ "app-2.tar.gz": SECOND });
  const before = edges.map(traffic);
  await refresh();
  const moved = edges.map((edge, tier) => traffic(edge) - before[tier]!);
  assert.ok(moved[0]! > SECOND.length, "the top fetches from a static host: the whole");
  for (const tier of [1, 2]) {
    assert.ok(
      moved[tier]! < 0.2 * SECOND.length,
      `tier ${tier}: ${moved[tier]} of ${SECOND.length}`,
    );
    assert.ok(equalBytes(await bodyOf(await edges[tier]!.get("/targets/app-2.tar.gz")), SECOND));
  }
  await close(levels);
});

Deno.test("three tiers: of a release of ours only new packs travel between edges", async () => {
  const origin = await Origin.create();
  const app = noise(3_000_000, 1);
  await origin.release("1.0.0", { app });
  const { edges, levels, refresh } = await stack(origin);
  await refresh();
  const next = app.slice();
  next.fill(7, 1_500_000, 1_500_400);
  await origin.release("1.1.0", { app: next });
  const before = edges.map(traffic);
  await refresh();
  for (const [tier, edge] of edges.entries()) {
    const moved = traffic(edge) - before[tier]!;
    assert.ok(moved < 0.2 * app.length, `tier ${tier}: ${moved} of ${app.length}`);
    assert.equal((await edge.get("/targets/hello-1.1.0.tar")).status, 200);
  }
  await close(levels);
});

Deno.test("with the uplink unplugged, edges and devices below go on until the metadata expires", async () => {
  const origin = await ForeignOrigin.create({ "app.tar.gz": FIRST });
  let now = clock.now();
  const { edges, levels, refresh } = await stack(origin, { clock: { now: () => now } });
  const [top, middle, bottom] = edges as [EdgeUnderTest, EdgeUnderTest, EdgeUnderTest];
  await refresh();
  await origin.publish({ "app.tar.gz": SECOND });
  await top.edge.refresh();
  await middle.edge.refresh();
  levels[0]!.plugged = false;
  now += 5 * 86_400_000;
  await assert.rejects(middle.edge.refresh(), { code: "offline" });
  await bottom.edge.refresh();
  assert.ok(equalBytes(await bodyOf(await bottom.get("/targets/app.tar.gz")), SECOND));
  levels[1]!.plugged = false;
  await assert.rejects(bottom.edge.refresh(), { code: "offline" });
  assert.equal((await bottom.get("/readyz")).status, 200);
  assert.ok(equalBytes(await bodyOf(await bottom.get("/targets/app.tar.gz")), SECOND));
  now += 40 * 86_400_000;
  assert.equal((await bottom.get("/readyz")).status, 503);
  await close(levels);
});

type Lie = (path: string, response: Response, other: EdgeUnderTest) => Promise<Response>;

const LIES: readonly (readonly [what: string, lie: Lie])[] = [
  ["a hint index that is garbage", async (path, response) => {
    if (!path.startsWith("/hints/")) return response;
    await response.body?.cancel();
    return new Response(pseudoRandomBytes(5000, 1));
  }],
  ["a hint index without end", async (path, response) => {
    if (!path.startsWith("/hints/")) return response;
    await response.body?.cancel();
    return new Response(
      new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65536)) }),
    );
  }],
  ["a hint index whose chunks make another file", async (path, response) => {
    if (!path.startsWith("/hints/")) return response;
    const hint = await decodeHint(await bodyOf(response));
    const steps = hint.recipe.steps.map((step) =>
      step.kind === "deflate" ? { ...step, settings: { ...step.settings, level: 9 } } : step
    );
    return new Response(await encodeHint({ ...hint, recipe: { ...hint.recipe, steps } }));
  }],
  ["chunks that are others", async (path, response) => {
    if (path !== "/chunks") return response;
    const bytes = await bodyOf(response);
    bytes[bytes.length >> 1]! ^= 1;
    return new Response(bytes);
  }],
  ["chunks cut short", async (path, response) => {
    if (path !== "/chunks") return response;
    return new Response((await bodyOf(response)).slice(0, 100));
  }],
];

for (const [what, lie] of LIES) {
  Deno.test(`a middle tier that serves ${what} costs bytes, and spreads nothing`, async () => {
    const origin = await ForeignOrigin.create({ "app.tar.gz": FIRST });
    const { edges, levels, refresh } = await stack(origin);
    const [top, middle, bottom] = edges as [EdgeUnderTest, EdgeUnderTest, EdgeUnderTest];
    await refresh();
    await origin.publish({ "app.tar.gz": SECOND });
    await top.edge.refresh();
    await middle.edge.refresh();
    let lied = 0;
    levels[1]!.lie = async (path, response) => {
      const answer = await lie(path, response, middle);
      if (answer !== response) lied++;
      return answer;
    };
    await bottom.edge.refresh();
    assert.ok(lied > 0, "the lie was told");
    assert.ok(levels[1]!.requests.some((path) => path.startsWith("/targets/")), "fetched plainly");
    assert.ok(equalBytes(await bodyOf(await bottom.get("/targets/app.tar.gz")), SECOND));
    await close(levels);
  });
}

Deno.test("a middle tier that lies in the file itself, too, is refused: what was served stays", async () => {
  const origin = await ForeignOrigin.create({ "app.tar.gz": FIRST });
  const { edges, levels, refresh } = await stack(origin);
  const bottom = edges[2]!;
  await refresh();
  await origin.publish({ "app.tar.gz": SECOND });
  await edges[0]!.edge.refresh();
  await edges[1]!.edge.refresh();
  levels[1]!.lie = async (path, response) => {
    if (!/^\/(?:chunks|targets)/.test(path)) return response;
    const bytes = await bodyOf(response);
    bytes[bytes.length >> 1]! ^= 1;
    return new Response(bytes);
  };
  await assert.rejects(bottom.edge.refresh(), { code: "target-mismatch" });
  assert.ok(equalBytes(await bodyOf(await bottom.get("/targets/app.tar.gz")), FIRST));
  await close(levels);
});

Deno.test("hints are advice about current large targets alone, and say so by their caching", async () => {
  const origin = await ForeignOrigin.create({
    "app.tar.gz": FIRST,
    "small.txt": pseudoRandomBytes(99, 1),
  });
  const { edge, get } = await edgeOf(origin, {}, PATIENT);
  await edge.refresh();
  const tag = (await get("/targets/app.tar.gz", {}, "HEAD")).headers.get("etag")!.slice(1, -1);
  const hint = await get(`/hints/${tag}`);
  assert.equal(hint.status, 200);
  assert.match(hint.headers.get("cache-control")!, /must-revalidate/);
  assert.equal((await decodeHint(await bodyOf(hint))).fileBytes, FIRST.length);
  for (const name of ["0".repeat(64), "current", "app.tar.gz", `${tag}.hint`]) {
    assert.equal((await get(`/hints/${name}`)).status, 404, name);
  }
  assert.equal((await get(`/hints/${tag}`, {}, "POST")).status, 405);
});
