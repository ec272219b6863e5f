import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { runRefreshLoop } from "../../src/mirror/mod.ts";
import { noise } from "../publish/memory_tree.ts";
import { edgeOf, Origin } from "./edge_fixture.ts";

/** An edge that was refreshed and never asked, on a store that then loses everything. */
async function emptied() {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(100_000, 1) });
  const store = new MemoryStore();
  const under = await edgeOf(origin, { store });
  await under.edge.refresh();
  const lose = async () => {
    for await (const { key } of store.list("")) await store.delete(key);
  };
  return { origin, lose, ...under };
}

Deno.test("an edge whose store has vanished is not ready: clients would get nothing", async () => {
  const { get, lose, edge } = await emptied();
  assert.equal((await get("readyz")).status, 200);
  const again = await emptied();
  await again.lose();
  const answer = await again.get("readyz");
  assert.equal(answer.status, 503);
  assert.match(await answer.text(), /The store has lost metadata/);
  await again.edge.refresh();
  assert.equal((await again.get("readyz")).status, 200, "a refresh brings it back");
  assert.equal((await again.get("metadata/timestamp.json")).status, 200);
  await lose();
  assert.equal((await get("metadata/timestamp.json")).status, 200, "from memory");
  assert.ok(edge.status().ready);
});

Deno.test("losing what is served ends the wait for the next refresh", async () => {
  const { origin, lose, edge, get } = await emptied();
  const ended = new AbortController();
  const waits: number[] = [];
  // Sleeps for ever.
  const sleep = (milliseconds: number, signal: AbortSignal): Promise<void> => {
    waits.push(milliseconds);
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
  };
  const running = runRefreshLoop(edge, {
    interval: 60_000,
    signal: ended.signal,
    random: () => 0,
    sleep,
  });
  while (waits.length < 1) await new Promise((resolve) => setTimeout(resolve, 0));
  const asked = origin.requests.length;
  await lose();
  assert.equal((await get("readyz")).status, 503);
  while (waits.length < 2) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.ok(origin.requests.length > asked, "it asked at once");
  assert.equal((await get("readyz")).status, 200);
  ended.abort();
  await running;
});
