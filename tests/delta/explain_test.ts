import assert from "node:assert/strict";
import { drawSvg, drawText, encodeDelta, explainDelta, MemoryAccess } from "../../src/delta/mod.ts";
import { noise } from "./sample_files.ts";
import { sampleElf } from "./sample_programs.ts";

Deno.test("explainDelta() charges each part for what it brings, and forgets nothing", async () => {
  const before = noise(30_000, 1);
  const after = before.slice();
  after.set(noise(3_000, 2), 12_000);
  const delta = await encodeDelta(before, after, { segmentBytes: 9_000 });
  const parts = [
    { name: "first", start: 0, end: 10_000 },
    { name: "second", start: 10_000, end: 20_000 },
  ];
  const costs = await explainDelta(delta, new MemoryAccess(before), parts);
  assert.deepEqual(costs.map(({ name }) => name).sort(), ["first", "other", "second"]);
  assert.equal(costs[0]!.name, "second");
  assert.ok(costs[0]!.streams.literal > 2_900);
  const total = costs.reduce((sum, cost) => sum + cost.total, 0);
  assert.ok(total > 3_000 && total < delta.length, `${total} of ${delta.length}`);
});

Deno.test("explainDelta() tells code from data, and both are drawn", async () => {
  const before = sampleElf("x86-64", false);
  const delta = await encodeDelta(before, sampleElf("x86-64", true));
  const costs = await explainDelta(delta, new MemoryAccess(before));
  assert.deepEqual(costs.map(({ name }) => name).sort(), ["code", "data"]);
  assert.match(drawText(costs), /code +\d+ {2}.*\n[^]*l literal/);
  const svg = drawSvg(costs, "a <b> & c");
  assert.match(svg, /^<svg [^]*a &lt;b&gt; &amp; c[^]*<\/svg>\n$/);
});
