import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { equalBytes, sha256 } from "../../src/bytes/mod.ts";
import {
  decodeDelta,
  type DeltaEncoder,
  type DeltaJob,
  encodeProven,
} from "../../src/delta/mod.ts";
import { decodeDeltaAdvice } from "../../src/index/mod.ts";
import { addRelease } from "../../src/publish/mod.ts";
import { MemoryTree } from "../publish/memory_tree.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { bodyOf, edgeOf, Origin } from "./edge_fixture.ts";
import { deltaEdge, originOf, program } from "./on_demand_deltas_fixture.ts";

const DAY = 24 * 60 * 60_000;

/** An encoder that waits until it is let go, and counts. */
function held() {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const jobs: DeltaJob[] = [];
  const encode: DeltaEncoder = async (job) => {
    jobs.push(job);
    begun.resolve();
    await gate.promise;
    return await encodeProven(job);
  };
  return { encode, jobs, begun: begun.promise, release: () => gate.resolve() };
}

Deno.test("a delta that two devices asked for is made once, and makes the release", async () => {
  const origin = await originOf(2);
  const { encode, jobs, release } = held();
  const edge = await deltaEdge(origin, { encode });
  assert.equal((await edge.ask("1.0.0", "1.1.0")).status, 404, "one device alone takes chunks");
  const making = await Promise.all(
    Array.from({ length: 5 }, () => edge.ask("1.0.0", "1.1.0")),
  );
  for (const answer of making) {
    assert.equal(answer.status, 202);
    assert.equal(answer.headers.get("retry-after"), "60");
    assert.equal(answer.headers.get("cache-control"), "no-store");
  }
  release();
  await edge.desk.idle();
  assert.equal(jobs.length, 1, "asks were joined");
  const advice = await decodeDeltaAdvice(await bodyOf(await edge.ask("1.0.0", "1.1.0")));
  const answer = await edge.fetch("1.0.0", "1.1.0", advice);
  assert.match(answer.headers.get("cache-control")!, /immutable/);
  const delta = await bodyOf(answer);
  assert.equal(delta.length, advice.bytes);
  assert.ok(delta.length < advice.replaces / 20, `${delta.length} of ${advice.replaces}`);
  assert.deepEqual(await sha256(delta), advice.sha256);
  const streams = await Promise.all(
    ["1.0.0", "1.1.0"].map(async (version) =>
      await bodyOf(await edge.get(`/targets/hello-${version}.tar`))
    ),
  );
  assert.ok(equalBytes(await decodeDelta(delta, streams[0]!), streams[1]!));
});

Deno.test("only pairs that the metadata names are looked at: anything else is 404 and costs nothing", async () => {
  const origin = await originOf(2);
  const { encode, jobs } = held();
  const edge = await deltaEdge(origin, { encode });
  const [old, fresh] = [await edge.release("1.0.0"), await edge.release("1.1.0")];
  const pairs = [
    ["0".repeat(64), fresh.name],
    [old.stream, "0".repeat(64)],
    [fresh.stream, fresh.name],
    [old.name, fresh.name],
    [old.stream.toUpperCase(), fresh.name],
    ["..", fresh.name],
    [old.stream, fresh.stream],
    ["%00", "%2e%2e"],
  ];
  const before = (await Array.fromAsync(edge.store.list(""))).length;
  for (const [base, index] of pairs) {
    for (let asks = 0; asks < 4; asks++) {
      assert.equal((await edge.get(`/deltas/${base}/${index}`)).status, 404, `${base}/${index}`);
    }
    assert.equal((await edge.get(`/deltas/${base}/${index}/${"0".repeat(64)}`)).status, 404);
  }
  assert.equal((await edge.get(`/deltas/${old.stream}/${fresh.name}`, {}, "POST")).status, 405);
  assert.equal(jobs.length, 0);
  assert.equal((await Array.fromAsync(edge.store.list(""))).length, before);
});

Deno.test("releases of other apps make no pair", async () => {
  const origin = await originOf(1);
  const other = await Origin.create();
  await other.release("2.0.0", { program: program(1) });
  const edge = await deltaEdge(origin);
  const foreign = await deltaEdge(other);
  const { stream } = await foreign.release("2.0.0");
  const { name } = await edge.release("1.0.0");
  for (let asks = 0; asks < 3; asks++) {
    assert.equal((await edge.get(`/deltas/${stream}/${name}`)).status, 404);
  }
});

Deno.test("whoever asks for all pairs fills a bounded queue, and one is made at a time", async () => {
  const origin = await originOf(6);
  const { encode, jobs, begun, release } = held();
  const edge = await deltaEdge(origin, { encode });
  const versions = Array.from({ length: 6 }, (_, i) => `1.${i}.0`);
  const answers: number[] = [];
  for (let asks = 0; asks < 2; asks++) {
    for (const from of versions) {
      for (const to of versions) {
        if (from !== to) answers.push((await edge.ask(from, to)).status);
      }
    }
  }
  assert.equal(answers.filter((status) => status === 202).length, 8);
  await begun;
  assert.equal(jobs.length, 1);
  release();
  await edge.desk.idle();
  assert.equal(jobs.length, 8);
});

Deno.test("encoding takes a twelfth of the time: whoever asks for all pairs waits for the next hours", async () => {
  const origin = await originOf(6);
  let now = NOW;
  let runs = 0;
  const edge = await deltaEdge(origin, {
    clock: { now: () => now },
    encode: (job) => {
      runs++;
      now += 2 * 60_000;
      return encodeProven(job);
    },
  });
  const askAll = async () => {
    for (let asks = 0; asks < 2; asks++) {
      for (let from = 0; from < 5; from++) {
        for (let to = from + 1; to < 6; to++) await edge.ask(`1.${from}.0`, `1.${to}.0`);
      }
    }
    await edge.desk.idle();
  };
  await askAll();
  assert.equal(runs, 3, "five minutes are there to begin with, and the third goes beyond");
  await askAll();
  assert.equal(runs, 3, "what waited is gone, and nothing new begins");
  now += 60 * 60_000;
  await askAll();
  assert.equal(runs, 6);
});

Deno.test("no delta leads down: asking for one costs two look-ups", async () => {
  const { encode, jobs } = held();
  const edge = await deltaEdge(await originOf(3), { encode });
  for (let asks = 0; asks < 3; asks++) {
    assert.equal((await edge.ask("1.2.0", "1.0.0")).status, 404);
    assert.equal((await edge.ask("1.1.0", "1.0.0")).status, 404);
  }
  assert.equal(jobs.length, 0);
});

Deno.test("an encoder that fails, or makes what does not pay, is left alone for a day", async () => {
  const origin = await originOf(2);
  for (const outcome of ["fails", "does not pay"]) {
    let now = NOW;
    let runs = 0;
    const edge = await deltaEdge(origin, {
      clock: { now: () => now },
      encode: (job) => {
        runs++;
        if (outcome === "fails") return Promise.reject(new Error("out of memory"));
        return Promise.resolve(job.newBytes);
      },
    });
    for (let asks = 0; asks < 5; asks++) {
      await edge.ask("1.0.0", "1.1.0");
      await edge.desk.idle();
    }
    assert.equal(runs, 1);
    now += DAY + 1;
    await edge.ask("1.0.0", "1.1.0");
    await edge.desk.idle();
    assert.equal(runs, 2);
    const keys = (await Array.fromAsync(edge.store.list("deltas/"))).length;
    assert.equal(keys, 0, "nothing was kept");
  }
});

Deno.test("a delta that the publisher made is not made again, nor one that hardly saves", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { program: program(0), "a.txt": "one" });
  await origin.release("1.1.0", { program: program(0), "a.txt": "two" });
  const tree = new MemoryTree({ program: program(1), "a.txt": "two" });
  await addRelease(origin.store, { version: "1.2.0", tree }, { deltas: { count: 1 } });
  await origin.publish();
  const { encode, jobs } = held();
  const edge = await deltaEdge(origin, { encode });
  for (let asks = 0; asks < 3; asks++) {
    assert.equal((await edge.ask("1.0.0", "1.1.0")).status, 404);
    assert.equal((await edge.ask("1.1.0", "1.2.0")).status, 404);
  }
  assert.equal(jobs.length, 0);
});

Deno.test("a restart finds what was made before", async () => {
  const origin = await originOf(2);
  const store = new MemoryStore();
  const before = await (await deltaEdge(origin, { store })).made("1.0.0", "1.1.0");
  const { encode, jobs } = held();
  const after = await deltaEdge(origin, { store, encode });
  assert.equal((await after.ask("1.0.0", "1.1.0")).status, 200, "at the first ask");
  assert.equal((await after.fetch("1.0.0", "1.1.0", before)).status, 200);
  assert.equal(jobs.length, 0);
});

Deno.test("the least valuable deltas leave for others: what was used most per byte stays", async () => {
  const origin = await originOf(4);
  const probe = await deltaEdge(origin);
  const { bytes } = await probe.made("1.0.0", "1.3.0");
  let now = NOW;
  const budget = 4 * bytes;
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  const edge = await deltaEdge(origin, {
    budget,
    clock: { now: () => now },
    encode: async (job) => (await gate.promise, await encodeProven(job)),
  });
  /** Made only when so many have asked. */
  const askOften = async (times: number, from: string) => {
    gate = Promise.withResolvers();
    for (let asks = 0; asks < times; asks++) await edge.ask(from, "1.3.0");
    gate.resolve();
    await edge.desk.idle();
  };
  await edge.made("1.0.0", "1.3.0");
  await edge.made("1.1.0", "1.3.0");
  for (let uses = 0; uses < 9; uses++) await edge.ask("1.0.0", "1.3.0");
  await askOften(6, "1.2.0");
  const there = async (from: string) => (await edge.ask(from, "1.3.0")).status === 200;
  assert.deepEqual([await there("1.0.0"), await there("1.2.0")], [true, true]);
  assert.equal((await Array.fromAsync(edge.store.list("deltas/"))).length, 4);
  const { bytes: held } = await edge.desk.size();
  assert.ok(held <= budget);

  now += 30 * DAY;
  await askOften(2, "1.1.0");
  assert.equal(await there("1.1.0"), true, "what nobody used for a month gives way");
});

Deno.test("a delta that is longer than the budget is not kept", async () => {
  const origin = await originOf(2);
  const edge = await deltaEdge(origin, { budget: 100 });
  for (let asks = 0; asks < 4; asks++) await edge.ask("1.0.0", "1.1.0");
  await edge.desk.idle();
  assert.equal((await edge.ask("1.0.0", "1.1.0")).status, 404);
  assert.equal((await Array.fromAsync(edge.store.list("deltas/"))).length, 0);
});

for (const what of ["delta", "record"] as const) {
  Deno.test(`a ${what} that was damaged in the store is not served; it goes, and is made again`, async () => {
    const origin = await originOf(2);
    const store = new MemoryStore();
    const first = await deltaEdge(origin, { store });
    const advice = await first.made("1.0.0", "1.1.0");
    const edge = await deltaEdge(origin, { store });
    for (const { key } of await Array.fromAsync(store.list("deltas/"))) {
      if (key.endsWith(".made") !== (what === "record")) continue;
      const bytes = (await store.get(key))!.bytes.slice();
      bytes[bytes.length >> 1]! ^= 1;
      await store.put(key, bytes);
    }
    assert.equal((await edge.fetch("1.0.0", "1.1.0", advice)).status, 404);
    assert.deepEqual(await edge.made("1.0.0", "1.1.0"), advice);
    assert.equal((await edge.fetch("1.0.0", "1.1.0", advice)).status, 200);
  });
}

Deno.test("a sweep leaves deltas that are shelved, and takes those of an edge that makes none any more", async () => {
  const origin = await originOf(2);
  const store = new MemoryStore();
  let now = NOW;
  const clock = { now: () => now };
  const edge = await deltaEdge(origin, { store, clock });
  const advice = await edge.made("1.0.0", "1.1.0");
  for (let pass = 0; pass < 3; pass++) {
    await edge.maintain({ grace: DAY });
    now += DAY;
  }
  assert.equal((await edge.fetch("1.0.0", "1.1.0", advice)).status, 200);

  const plain = await edgeOf(origin, { store, clock });
  for (let pass = 0; pass < 3; pass++) {
    await plain.maintain({ grace: DAY });
    now += DAY;
  }
  assert.equal((await Array.fromAsync(store.list("deltas/"))).length, 0);
});

Deno.test("an edge that makes no deltas has none to advise", async () => {
  const origin = await originOf(2);
  const { edge, get } = await edgeOf(origin);
  await edge.refresh();
  const probe = await deltaEdge(origin);
  const [old, fresh] = [await probe.release("1.0.0"), await probe.release("1.1.0")];
  for (let asks = 0; asks < 3; asks++) {
    assert.equal((await get(`/deltas/${old.stream}/${fresh.name}`)).status, 404);
  }
});
