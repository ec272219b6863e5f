import assert from "node:assert/strict";
import { VerifiedChunk } from "../../src/chunk/mod.ts";
import { planPacks } from "../../src/client/pack_plan.ts";
import { transferPacks } from "../../src/client/pack_transfer.ts";
import type { ChunkRef, PackRef } from "../../src/index/mod.ts";
import type { Fetch } from "../../src/ports/mod.ts";
import { HttpClient, Mirror } from "../../src/transport/mod.ts";
import { testNeeding } from "../requirement.ts";
import { NGINX, PYTHON, withNginx, withPythonServer } from "../services/file_host.ts";
import { build, type Device, publishedRepository, update, withDevice } from "./device.ts";
import { ODD_ANSWERS, oddHost } from "./odd_host.ts";
import { staticHost } from "./static_host.ts";

const { store, root, publishNext } = await publishedRepository();
const before = new Map<string, Uint8Array<ArrayBuffer>>();
for await (const { key } of store.list("")) before.set(key, (await store.get(key))!.bytes);
await publishNext();

const oldHost = () =>
  staticHost(store, (path) => path === "metadata/timestamp.json" ? before.get(path) : undefined);

/** Checks, plans and updates; returns what was planned, what came, and what was said. */
async function updated(device: Device, host: Fetch, mirrors?: string[]) {
  const updater = await device.updater(host, mirrors === undefined ? {} : { mirrors });
  const found = await updater.check();
  const plan = await found!.plan();
  const seen: number[] = [];
  const onProgress = ({ transferred }: { transferred: number }) => seen.push(transferred);
  const { transferred, reasons } = await found!.download({ onProgress });
  await found!.apply();
  assert.deepEqual(
    await Deno.readFile(`${device.folder}/current/bin/app`),
    build("1.1.0")["bin/app"],
  );
  assert.equal(seen.at(-1), transferred, "progress counts what travels");
  return { plan, planned: plan.bytes.total, transferred, reasons, blame: updater.failures };
}

for (const odd of ODD_ANSWERS) {
  for (const onlyPacks of [false, true]) {
    const where = onlyPacks ? "only for packs" : "always";
    Deno.test(`a host that answers ranges with ${odd}, ${where}, costs bytes, said once, and the update comes`, async () => {
      await withDevice(root, async (device) => {
        const host = oddHost(store, odd, { onlyPacks });
        const done = await updated(device, host);
        const about = done.reasons.filter((reason) => reason.includes("whole packs are fetched"));
        assert.deepEqual(done.reasons, about, "nothing else is amiss");
        assert.ok(about.length <= 1, "it is said once");
        if (about.length === 0) assert.equal(done.transferred, done.planned);
        const whole = host.requests.filter((request) => /^packs\/[0-9a-f]+$/.test(request));
        assert.equal(new Set(whole).size, whole.length, "each pack travels whole once");
      });
    });
  }
}

Deno.test("a host that sends no ranges is known before the plan, which says every byte that travels", async () => {
  await withDevice(root, async (device) => {
    await update(device, oldHost());
    const host = oddHost(store, "whole packs as 200");
    const done = await updated(device, host);
    assert.equal(done.transferred, done.planned);
    assert.deepEqual(done.reasons, []);
    assert.ok(done.plan.reasons.some((reason) => reason.includes("the host sends no ranges")));
    assert.ok(!host.requests.some((request) => /^packs\/.*bytes=/.test(request)));
  });
});

Deno.test("bytes of another place are the host's blame, and another mirror is asked before its whole packs", async () => {
  await withDevice(root, async (device) => {
    const liar = oddHost(store, "bytes of another place", { onlyPacks: true });
    const honest = staticHost(store);
    const host: Fetch = (request) => (request.url.includes("liar") ? liar : honest)(request);
    const { blame } = await updated(device, host, ["https://liar.test/", "https://honest.test/"]);
    assert.ok(blame.length > 0 && blame.every(({ mirror }) => mirror === "liar.test"));
    assert.ok(!liar.requests.some((request) => /^packs\/[0-9a-f]+$/.test(request)));
  });
});

Deno.test("a range that breaks off goes on from the byte where it ended", async () => {
  await withDevice(root, async (device) => {
    const honest = staticHost(store);
    const asked: string[] = [];
    let broken: { pack: string; start: number } | undefined;
    const host: Fetch = async (request) => {
      const response = await honest(request);
      if (!request.url.includes("/packs/")) return response;
      const start = Number(/=(\d+)/.exec(request.headers.get("range")!)![1]);
      asked.push(`${request.url} ${start}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (broken !== undefined || bytes.length < 20_000) return new Response(bytes, response);
      broken = { pack: request.url, start };
      const headers = new Headers(response.headers);
      headers.set("content-length", String(bytes.length));
      return new Response(bytes.subarray(0, 10_000), { status: 206, headers });
    };
    const done = await updated(device, host);
    assert.equal(done.transferred, done.planned);
    const { pack, start } = broken!;
    assert.ok(asked.includes(`${pack} ${start + 10_000}`), "the rest is asked for");
    assert.equal(new Set(asked).size, asked.length, "and nothing twice");
  });
});

/** A release whose packs take turns, and a host of those packs. */
async function interleaved(packCount: number, rounds: number, packBytes: number) {
  const chunkBytes = packBytes / rounds;
  const packs: PackRef[] = [];
  const bodies: Uint8Array<ArrayBuffer>[] = [];
  for (let pack = 0; pack < packCount; pack++) {
    bodies.push(new Uint8Array(packBytes).fill(pack + 1));
    packs.push({ sha256: new Uint8Array(32).fill(pack), bytes: packBytes });
  }
  const hashes = await Promise.all(
    bodies.map(async (body) =>
      new Uint8Array(await crypto.subtle.digest("SHA-256", body.slice(0, chunkBytes)))
    ),
  );
  const chunkAt = (ordinal: number): ChunkRef => ({
    ordinal,
    hash: hashes[ordinal % packCount]!,
    length: chunkBytes,
    storedLength: chunkBytes,
    pack: ordinal % packCount,
    packOffset: Math.floor(ordinal / packCount) * chunkBytes,
    offset: ordinal * chunkBytes,
  } as ChunkRef);
  const count = packCount * rounds;
  const index = { chunks: { count, at: chunkAt }, packs } as unknown as Parameters<
    typeof transferPacks
  >[0];
  const http = new HttpClient({
    fetch: (request) => new Response(bodies[parseInt(request.url.slice(-2), 16)]!),
  });
  return { index, count, http, mirror: new Mirror("https://h.test/", http) };
}

Deno.test("packs whose chunks take turns travel once each while they fit into memory, and as often as planned beyond", async () => {
  const MiB = 1024 * 1024;
  for (const [packCount, again] of [[2, false], [6, true]] as const) {
    const { index, count, http, mirror } = await interleaved(packCount, 16, 16 * MiB);
    const plans = planPacks(index, Array.from({ length: count }, (_, ordinal) => ordinal));
    assert.equal(plans.length > packCount, again);
    assert.equal(plans.flatMap(({ ordinals }) => ordinals).length, count, "each chunk once");
    let next = 0;
    for await (const chunk of transferPacks(index, plans, mirror, {})) {
      assert.ok(chunk instanceof VerifiedChunk);
      assert.deepEqual(chunk.hash, index.chunks.at(next++).hash);
    }
    assert.equal(next, count);
    assert.equal(http.bodyBytes, plans.reduce((sum, { bytes }) => sum + bytes, 0));
  }
});

for (
  const [name, needs, serve] of [
    ["nginx", NGINX, withNginx],
    ["python3 -m http.server", PYTHON, withPythonServer],
  ] as const
) {
  testNeeding(needs, `from ${name} exactly the planned bytes travel`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      for await (const { key } of store.list("")) {
        await Deno.mkdir(`${folder}/${key.slice(0, key.lastIndexOf("/"))}`, { recursive: true });
        await Deno.writeFile(`${folder}/${key}`, (await store.get(key))!.bytes);
      }
      await serve(folder, async (base) => {
        await withDevice(root, async (device) => {
          await update(device, oldHost());
          const done = await updated(device, (request) => fetch(request), [base]);
          assert.equal(done.transferred, done.planned);
          assert.deepEqual(done.reasons, []);
        });
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
