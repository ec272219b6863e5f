import assert from "node:assert/strict";
import { type ErrorCode, isBrecciaError } from "../../src/errors.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { noise } from "../publish/memory_tree.ts";
import { bodyOf, edgeOf, Origin, snapshot } from "./edge_fixture.ts";

const DAY = 86_400_000;

type Lie = (honest: Uint8Array<ArrayBuffer>, signal: AbortSignal) => Response;

const HTML = "<html><h1>Internal Server Error</h1></html>";
const flipped: Lie = (honest) => {
  honest[honest.length >> 1]! ^= 4;
  return new Response(honest);
};
const truncated: Lie = (honest) => new Response(honest.slice(0, honest.length >> 1));
const endless: Lie = () =>
  new Response(
    new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65536)) }),
  );
const hanging: Lie = (_, signal) =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(1));
        signal.addEventListener("abort", () => controller.error(signal.reason));
      },
    }),
  );
const htmlWith = (status: number): Lie => () => new Response(HTML, { status });
const reset: Lie = () =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(9));
        controller.error(new TypeError("connection reset"));
      },
    }),
  );

const ATTACKS: readonly (readonly [what: string, path: RegExp, lie: Lie, codes: ErrorCode[]])[] = [
  ["a flipped bit in a pack", /^packs\//, flipped, ["pack-mismatch"]],
  ["a pack cut short", /^packs\//, truncated, ["pack-mismatch"]],
  ["a pack without end", /^packs\//, endless, ["response-oversized"]],
  ["a pack that hangs", /^packs\//, hanging, ["timeout"]],
  ["a pack whose connection breaks", /^packs\//, reset, ["response-truncated"]],
  ["HTML with status 500 for a pack", /^packs\//, htmlWith(500), ["http-status"]],
  ["HTML with status 200 for a pack", /^packs\//, htmlWith(200), ["pack-mismatch"]],
  ["a flipped bit in an index", /\.index$/, flipped, ["target-mismatch"]],
  ["an index cut short", /\.index$/, truncated, ["target-mismatch"]],
  ["an index without end", /\.index$/, endless, ["response-oversized"]],
  ["a flipped bit in the targets metadata", /\.targets\.json$/, flipped, ["mix-and-match"]],
  ["targets metadata cut short", /\.targets\.json$/, truncated, ["mix-and-match"]],
  ["a timestamp without end", /timestamp\.json$/, endless, ["endless-data"]],
  ["HTML with status 200 for the timestamp", /timestamp\.json$/, htmlWith(200), [
    "metadata-malformed",
  ]],
  ["HTML with status 500 for the timestamp", /timestamp\.json$/, htmlWith(500), ["http-status"]],
  ["a timestamp that hangs", /timestamp\.json$/, hanging, ["timeout"]],
];

for (const [what, path, lie, codes] of ATTACKS) {
  Deno.test(`${what} is refused: the last good state is served, the reason is told`, async () => {
    const origin = await Origin.create();
    await origin.release("1.0.0", { app: noise(300_000, 1) });
    const { edge, store, get } = await edgeOf(origin);
    await edge.refresh();
    const timestamp = await bodyOf(await get("/metadata/timestamp.json"));
    const metadata = edge.status().metadata;
    const before = await snapshot(store);

    await origin.release("1.1.0", { app: noise(300_000, 2) });
    origin.lie = async (asked, signal) =>
      path.test(asked) ? lie(await origin.bytes(asked), signal) : undefined;
    await assert.rejects(edge.refresh(), (error) => {
      assert.ok(isBrecciaError(error, ...codes), String(error));
      return true;
    });

    for (const [key, bytes] of before) {
      assert.deepEqual([...(await store.get(key))?.bytes ?? []], bytes, `${key} is as it was`);
    }
    for await (const { key } of store.list("packs/")) {
      assert.deepEqual((await store.get(key))?.bytes, await origin.bytes(key), "only good packs");
    }
    assert.deepEqual(edge.status().metadata, metadata);
    assert.deepEqual(await bodyOf(await get("/metadata/timestamp.json")), timestamp);
    assert.equal((await get("/targets/hello-1.0.0.tar")).status, 200);
    assert.equal((await get("/targets/hello-1.1.0.tar")).status, 404);
    const ready = await get("/readyz");
    assert.equal(ready.status, 200, "what is served is still valid");
    assert.equal((await ready.json()).reasons.length, 1);
    assert.ok(codes.includes((await (await get("/status.json")).json()).trouble.code));

    origin.lie = () => Promise.resolve(undefined);
    assert.equal(await edge.refresh(), true, "an honest upstream is followed again");
    assert.equal((await get("/targets/hello-1.1.0.tar")).status, 200);
    assert.equal((await (await get("/readyz")).json()).reasons.length, 0);
  });
}

Deno.test("an edge that never reached its upstream is alive and not ready", async () => {
  const origin = await Origin.create();
  const { edge, store, get } = await edgeOf(origin);
  origin.lie = () => Promise.reject(new TypeError("connection refused"));
  await assert.rejects(edge.refresh(), (error) => isBrecciaError(error, "offline"));
  assert.equal((await get("/healthz")).status, 200);
  assert.equal((await get("/readyz")).status, 503);
  assert.equal((await get("/metadata/timestamp.json")).status, 404);
  assert.equal((await snapshot(store)).size, 0);
});

Deno.test("a damaged pointer in the store is told, and replaced at the next refresh", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: "one" });
  const first = await edgeOf(origin);
  await first.edge.refresh();
  await first.store.put("current", new TextEncoder().encode("{torn"));
  const { edge, get } = await edgeOf(origin, { store: first.store });
  assert.equal(edge.status().trouble?.code, "storage-corrupt");
  await edge.refresh();
  assert.equal((await get("/targets/hello-1.0.0.tar")).status, 200);
});

Deno.test("a clock set back hides from no edge that what it serves has expired", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { a: "1" });
  let now = NOW;
  const clock = { now: () => now };
  const { edge, store } = await edgeOf(origin, { clock });
  await edge.refresh();
  const before = await snapshot(store);
  now = 0;
  await assert.rejects(
    edge.refresh(),
    (error) => isBrecciaError(error, "clock-wrong") && /1970-01-01/.test(error.message),
  );
  assert.deepEqual(await snapshot(store), before);
  // Nor after a restart.
  const again = await edgeOf(origin, { clock, store });
  await assert.rejects(again.edge.refresh(), (error) => isBrecciaError(error, "clock-wrong"));
  assert.deepEqual(await snapshot(store), before);
  // A clock that is put right is all it takes, and one corrected by hours is none of it.
  now = NOW + DAY / 2;
  await edge.refresh();
  now = NOW;
  await edge.refresh();
  assert.equal(edge.status().ready, true);
});
