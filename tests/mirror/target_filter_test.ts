import assert from "node:assert/strict";
import fc from "fast-check";
import { StoreMaintenance } from "../../src/mirror/mod.ts";
import { matchesGlob } from "../../src/mirror/state/target_filter.ts";
import { silentLog } from "../../src/ports/mod.ts";
import { noise } from "../publish/memory_tree.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { bodyOf, edgeOf, Origin } from "./edge_fixture.ts";
import { ForeignOrigin } from "./foreign_fixture.ts";

const HOUR = 3_600_000;

function bytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  return noise(length, seed) as Uint8Array<ArrayBuffer>;
}

async function hexOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

Deno.test("globs: * and ? stay within a segment, ** spans any number of them", () => {
  const holds = [
    ["*.whl", "a.whl"],
    ["**/*.whl", "a.whl"],
    ["**/*.whl", "x/y/a.whl"],
    ["x/**", "x/y/z"],
    ["x/**/z", "x/z"],
    ["**", "any/thing"],
    ["a?c/*", "abc/d"],
    ["**/b/**/d", "a/b/b/c/d"],
    ["x/**/y/**/z", "x/y/q/y/z"],
  ];
  const fails = [
    ["*.whl", "x/a.whl"],
    ["x/**", "y/x/z"],
    ["a?c", "a/c"],
    ["**/*.whl", "a.whl/b"],
    ["x/*", "x"],
    ["", "x"],
    ["x/**/y", "x/y/z"],
  ];
  for (const [glob, path] of holds) assert.ok(matchesGlob(glob!, path!), `${glob} ${path}`);
  for (const [glob, path] of fails) assert.ok(!matchesGlob(glob!, path!), `${glob} ${path}`);
});

Deno.test("a glob of segments and ** matches as its meaning spelled out does", () => {
  const segment = fc.constantFrom("a", "b", "ab");
  const meaning = (glob: readonly string[], path: readonly string[]): boolean => {
    const [first, ...rest] = glob;
    if (first === undefined) return path.length === 0;
    if (first !== "**") return path[0] === first && meaning(rest, path.slice(1));
    return path.some((_, from) => meaning(rest, path.slice(from))) || meaning(rest, []);
  };
  fc.assert(fc.property(
    fc.array(fc.oneof(segment, fc.constant("**")), { minLength: 1, maxLength: 6 }),
    fc.array(segment, { minLength: 1, maxLength: 6 }),
    (glob, path) => matchesGlob(glob.join("/"), path.join("/")) === meaning(glob, path),
  ));
});

Deno.test("a hostile glob takes no time", () => {
  assert.equal(matchesGlob("**/a/".repeat(40) + "b", "a/".repeat(2000) + "c"), false);
  assert.equal(matchesGlob("*a".repeat(60) + "b", "a".repeat(2000)), false);
});

Deno.test("a target that is filtered out is not fetched, not stored and not served, and counted", async () => {
  const big = bytes(600_000, 2);
  const small = bytes(1000, 3);
  const origin = await ForeignOrigin.create({ "a/big.bin": big, "a/small": small, "b/x": small });
  for (
    const [rules, kept] of [
      [{ include: ["a/**"] }, ["a/big.bin", "a/small"]],
      [{ exclude: ["a/*"] }, ["b/x"]],
      [{ include: ["a/*"], exclude: ["**/*.bin"] }, ["a/small"]],
      [{ maxBytes: 1000 }, ["a/small", "b/x"]],
      [{ maxBytes: 999 }, []],
    ] as const
  ) {
    for (const onDemand of [false, true]) {
      origin.requests.length = 0;
      const { edge, store, get, chunks } = await edgeOf(origin, { rules, onDemand });
      await edge.refresh();
      for (const path of ["a/big.bin", "a/small", "b/x"]) {
        const content = path === "a/big.bin" ? big : small;
        const expected = (kept as readonly string[]).includes(path) ? 200 : 404;
        for (const name of [path, path.replace(/[^/]*$/, await hexOf(content) + ".$&")]) {
          assert.equal((await get(`/targets/${name}`)).status, expected, name);
        }
      }
      const hasBig = (kept as readonly string[]).includes("a/big.bin");
      const index = await hexOf(big);
      assert.equal((await get(`/hints/${index}`)).status, hasBig ? 200 : 404);
      const asked = { index: new Uint8Array(await crypto.subtle.digest("SHA-256", big)) };
      assert.equal((await chunks({ ...asked, ordinals: [0] })).status, hasBig ? 200 : 404);
      const fetched = origin.requests.filter((path) => path.startsWith("targets/"));
      assert.ok(fetched.every((path) => kept.some((one) => path.endsWith(one.split("/")[1]!))));
      assert.equal(await store.head(`targets/${index}.hint`) !== undefined, hasBig);
      const { targets, filtered, ready, reasons, metadata } = edge.status();
      assert.deepEqual([targets, filtered], [kept.length, 3 - kept.length]);
      assert.deepEqual([ready, reasons], [true, []], "what is left out is no trouble");
      const whole = await bodyOf(await get(`/metadata/${metadata?.targets}.targets.json`));
      const { signed } = JSON.parse(new TextDecoder().decode(whole));
      assert.equal(Object.keys(signed.targets).length, 3, "metadata are served whole");
      assert.match(await (await get("/metrics")).text(), new RegExp(`_filtered ${filtered}\n`));
    }
  }
});

Deno.test("a release is filtered as a whole: index, archive, packs and chunks", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(300_000, 1) });
  await origin.release("1.1.0", { app: noise(900_000, 2) });
  const all = await edgeOf(origin);
  await all.edge.refresh();
  const packs = (await Array.fromAsync(all.store.list("packs/"))).map(({ key }) => key);
  const index = (version: string) => `targets/hello-${version}.index`;
  for (
    const rules of [
      { include: ["*-1.0.0*"] },
      { exclude: ["*-1.1.0.tar"] },
      { maxBytes: 500_000 },
    ]
  ) {
    origin.requests.length = 0;
    const { edge, store, get } = await edgeOf(origin, { rules });
    await edge.refresh();
    assert.deepEqual(edge.status().releases.map(({ version }) => version), ["1.0.0"]);
    assert.equal((await get("/targets/hello-1.0.0.tar")).status, 200);
    assert.equal((await get("/targets/hello-1.1.0.tar")).status, 404);
    assert.equal((await get(`/${index("1.1.0")}`)).status, 404);
    const stored = (await Array.fromAsync(store.list("packs/"))).map(({ key }) => key);
    assert.ok(stored.length > 0 && stored.length < packs.length);
    for (const pack of packs) {
      assert.equal((await get(`/${pack}`)).status, stored.includes(pack) ? 200 : 404);
      assert.equal(origin.requests.includes(pack), stored.includes(pack));
    }
  }
});

Deno.test("when the filters change, what is newly wanted comes and what is unwanted goes after its grace", async () => {
  const big = bytes(600_000, 2);
  const origin = await ForeignOrigin.create({ big, small: bytes(1000, 3) });
  let now = NOW;
  const clock = { now: () => now };
  const first = await edgeOf(origin, { clock, rules: { maxBytes: 5000 } });
  await first.edge.refresh();
  const { store } = first;
  const lean = (await Array.fromAsync(store.list(""))).map(({ key }) => key);

  const wide = await edgeOf(origin, { clock, store });
  await wide.edge.refresh();
  const sent = origin.targetBytes;
  assert.deepEqual(await bodyOf(await wide.get("/targets/big")), big);
  assert.equal(origin.targetBytes, sent, "it came with the refresh, although there was no news");

  const narrow = await edgeOf(origin, { clock, store, rules: { maxBytes: 5000 } });
  assert.equal((await narrow.get("/targets/big")).status, 404, "at once");
  await narrow.edge.refresh();
  const keeper = new StoreMaintenance({ store, edges: [narrow.edge], clock, log: silentLog });
  await keeper.maintain({ grace: HOUR });
  now += HOUR;
  assert.ok((await keeper.maintain({ grace: HOUR })).removedBytes > 600_000);
  const kept = (await Array.fromAsync(store.list(""))).map(({ key }) => key);
  assert.deepEqual(kept.filter((key) => key !== "sweep"), lean);
});
