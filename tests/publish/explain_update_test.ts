import assert from "node:assert/strict";
import { addRelease, explainUpdate } from "../../src/publish/mod.ts";
import { MemoryTree, noise } from "./memory_tree.ts";
import { newRepository } from "./repository_fixture.ts";

const { store } = await newRepository();
const changed = noise(400_000, 3);
for (let at = 0; at < changed.length; at += 3000) changed[at] = changed[at]! ^ 1;
const same = noise(400_000, 9);
const { index: from } = await addRelease(store, {
  version: "1.0.0",
  tree: new MemoryTree({ "a/changed": noise(400_000, 3), "a/same": same }),
});
const tree = new MemoryTree({ "a/changed": changed, "a/same": same, "b/new": noise(50_000, 21) });

Deno.test("the bytes of a delta are shared out to the files that they make, all of them", async () => {
  const { index: to } = await addRelease(store, { version: "1.1.0", tree }, {
    deltas: { count: 1 },
  });
  const { way, bytes, parts } = await explainUpdate(store, from, to);
  assert.equal(way, "delta");
  assert.equal(parts[0]?.name, "b/new", "incompressible and new: the dearest");
  const cost = (name: string): number => parts.find((part) => part.name === name)?.total ?? 0;
  assert.ok(cost("b/new") > 40_000 && cost("a/changed") > 50 && cost("a/same") < 100);
  const total = parts.reduce((sum, part) => sum + part.total, 0);
  assert.ok(total <= bytes && total > bytes - 500, `${total} of ${bytes}: the rest is the head`);
});

Deno.test("without a delta the stored bytes of missing chunks are shared out to files", async () => {
  const { index: to } = await addRelease(store, { version: "1.2.0", tree });
  const { way, bytes, parts } = await explainUpdate(store, from, to);
  assert.equal(way, "chunks");
  const total = parts.reduce((sum, part) => sum + part.total, 0);
  assert.ok(Math.abs(total - bytes) < 1);
  assert.equal(parts[0]?.name, "a/changed");
});
