import assert from "node:assert/strict";
import { equalBytes, sha256 } from "../../src/bytes/mod.ts";
import { DELTA_PREAMBLE_BYTES, encodeDelta, readHeadLength } from "../../src/delta/mod.ts";
import { decodeDeltaAdvice, type DeltaAdvice, encodeDeltaAdvice } from "../../src/index/mod.ts";
import type { Fetch } from "../../src/ports/mod.ts";
import { bodyOf } from "../mirror/edge_fixture.ts";
import { deltaEdge, originOf, program } from "../mirror/on_demand_deltas_fixture.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";
import { type Device, withDevice } from "./device.ts";

type Lie = (path: string, response: Response) => Response | Promise<Response>;

/** An edge that has made the delta from 1.0.0 to 1.1.0, and a device that runs 1.0.0. */
async function scene(
  use: (scene: {
    readonly device: Device;
    readonly requests: string[];
    /** Updates to 1.1.0 through an edge that lies. */
    update(lie?: Lie): Promise<{ transferred: number; planned: number; reasons: string[] }>;
  }) => Promise<void>,
  made = true,
): Promise<void> {
  const origin = await originOf(2);
  const edge = await deltaEdge(origin);
  if (made) await edge.made("1.0.0", "1.1.0");
  const requests: string[] = [];
  const host = (lie: Lie): Fetch => async (request) => {
    const { pathname } = new URL(request.url);
    requests.push(pathname);
    return await lie(pathname, await edge.app.fetch(request));
  };
  const honest: Lie = (_path, response) => response;
  const mirrors = ["http://edge.test/"];
  await withDevice(await origin.root(), async (device) => {
    const first = await device.updater(host(honest), { policy: { version: "1.0.0" }, mirrors });
    const found = await first.check();
    await found!.download();
    await found!.apply();
    requests.length = 0;
    const update = async (lie = honest) => {
      const update = (await (await device.updater(host(lie), { mirrors })).check())!;
      const plan = await update.plan();
      const { transferred, reasons } = await update.download();
      await update.apply();
      return {
        transferred,
        planned: plan.bytes.total,
        reasons: [...plan.reasons, ...reasons],
      };
    };
    await use({ device, requests, update });
  });
}

async function assertRuns(device: Device, version: number): Promise<void> {
  const bytes = await Deno.readFile(`${device.folder}/current/program`);
  assert.ok(equalBytes(bytes, program(version)));
}

const ADVICE = /^\/deltas\/\w+\/\w+$/;
const DELTA = /^\/deltas\/\w+\/\w+\/\w+$/;

Deno.test("a device takes the delta that an edge made, and the plan says its bytes exactly", async () => {
  await scene(async ({ device, update, requests }) => {
    const { transferred, planned, reasons } = await update();
    await assertRuns(device, 1);
    assert.equal(transferred, planned);
    assert.ok(transferred < 6000, `${transferred} bytes`);
    assert.match(reasons.join(), /made by edge\.test/);
    assert.ok(!requests.includes("/chunks"));
  });
});

Deno.test("while a delta is made, a device takes chunks at once, and the next one takes the delta", async () => {
  await scene(async ({ device, update, requests }) => {
    const { transferred, planned } = await update();
    await assertRuns(device, 1);
    assert.equal(transferred, planned);
    assert.ok(transferred > 500_000);
    assert.equal(requests.filter((path) => ADVICE.test(path)).length, 1, "one question");
  }, false);
});

/** Lies about the advice. */
const advising = (change: (advice: DeltaAdvice) => DeltaAdvice): Lie => async (path, response) => {
  if (!ADVICE.test(path)) return response;
  const advice = await decodeDeltaAdvice(await bodyOf(response));
  return new Response(await encodeDeltaAdvice(change(advice)), response);
};

/** Lies in the delta. */
const sending =
  (change: (bytes: Uint8Array<ArrayBuffer>) => BodyInit): Lie => async (path, response) =>
    DELTA.test(path) ? new Response(change(await bodyOf(response)), response) : response;

/** Advises, and sends, another delta than the one that was made, as if all were well. */
function instead(delta: Uint8Array<ArrayBuffer>): Lie {
  const headers = { "breccia-edge": "1" };
  return async (path, response) => {
    if (DELTA.test(path)) return new Response(delta, { headers });
    if (!ADVICE.test(path)) return response;
    const advice = await decodeDeltaAdvice(await bodyOf(response));
    const headBytes = readHeadLength(delta.subarray(0, DELTA_PREAMBLE_BYTES));
    const chunks = advice.segments.reduce((sum, segment) => sum + segment.chunks, 0);
    const segments = [{ chunks, bytes: delta.length - headBytes }];
    const lie = { ...advice, sha256: await sha256(delta), headBytes, segments };
    return new Response(await encodeDeltaAdvice({ ...lie, bytes: delta.length }), { headers });
  };
}

const LIES: readonly (readonly [what: string, lie: Lie])[] = [
  [
    "advice that is garbage",
    (path, response) =>
      ADVICE.test(path) ? new Response(pseudoRandomBytes(500, 1), response) : response,
  ],
  ["advice without end", (path, response) => {
    if (!ADVICE.test(path)) return response;
    return new Response(
      new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65536)) }),
      response,
    );
  }],
  [
    "advice for another base",
    advising((advice) => ({ ...advice, baseSha256: new Uint8Array(32) })),
  ],
  ["advice for another release", advising((advice) => ({ ...advice, index: new Uint8Array(32) }))],
  [
    "advice for more chunks than there are",
    advising((advice) => ({
      ...advice,
      segments: advice.segments.map(({ chunks, bytes }) => ({ chunks: chunks + 1, bytes })),
    })),
  ],
  [
    "advice for a delta that is not there",
    advising((advice) => ({
      ...advice,
      sha256: new Uint8Array(32),
    })),
  ],
  [
    "advice for a delta of a gigabyte",
    advising((advice) => ({
      ...advice,
      segments: [{ chunks: 0, bytes: 2 ** 30 }, ...advice.segments],
    })),
  ],
  [
    "advice that understates the head",
    advising((advice) => ({
      ...advice,
      headBytes: advice.headBytes - 9,
    })),
  ],
  [
    "advice that understates its segments",
    advising((advice) => ({
      ...advice,
      segments: advice.segments.map(({ chunks, bytes }) => ({ chunks, bytes: bytes >> 1 })),
    })),
  ],
  ["a delta with a flipped bit in its head", sending((bytes) => (bytes[20]! ^= 1, bytes))],
  [
    "a delta with a flipped bit at its end",
    sending((bytes) => (bytes[bytes.length - 9]! ^= 1, bytes)),
  ],
  ["a delta cut short", sending((bytes) => bytes.slice(0, bytes.length >> 1))],
  ["a delta of noise", sending((bytes) => pseudoRandomBytes(bytes.length, 5))],
  [
    "a delta without end",
    sending(() =>
      new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65536)) })
    ),
  ],
  ["HTML in place of a delta", sending(() => "<html>".repeat(999))],
];

for (const [what, lie] of LIES) {
  Deno.test(`an edge that sends ${what} costs bytes: the signed release is installed`, async () => {
    await scene(async ({ device, update, requests }) => {
      const { transferred, reasons } = await update(lie);
      await assertRuns(device, 1);
      assert.ok(reasons.length > 0, "and says why");
      assert.ok(transferred < 1_400_000, `${transferred} bytes`);
      assert.ok(requests.filter((path) => path === "/chunks").length <= 2, "in batches");
    });
  });
}

/** The old stream, and one with other content of the same length. */
async function streams(): Promise<[Uint8Array, Uint8Array]> {
  const edge = await deltaEdge(await originOf(2));
  const [old, fresh] = await Promise.all(
    ["1.0.0", "1.1.0"].map(async (version) =>
      await bodyOf(await edge.get(`/targets/hello-${version}.tar`))
    ),
  );
  return [old!, fresh!.fill(7, 300_000, 300_100)];
}

const WRONG: readonly (readonly [what: string, make: () => Promise<Uint8Array<ArrayBuffer>>])[] = [
  ["of other releases", () => encodeDelta(program(3), program(4))],
  ["from the right base to another file", async () => await encodeDelta(...await streams())],
  [
    "that unpacks zeros without end",
    () => encodeDelta(new Uint8Array(9), new Uint8Array(60_000_000)),
  ],
];

for (const [what, make] of WRONG) {
  Deno.test(`a well-formed delta ${what} costs its bytes: the signed release is installed`, async () => {
    await scene(async ({ device, update }) => {
      const { transferred, reasons } = await update(instead(await make()));
      await assertRuns(device, 1);
      assert.ok(reasons.length > 0);
      assert.ok(transferred < 1_400_000, `${transferred} bytes`);
    });
  });
}

Deno.test("a head that is forged to fit, over segments of another file, gives no wrong byte", async () => {
  const [old, wrong] = await streams();
  const right = await bodyOf(
    await (await deltaEdge(await originOf(2))).get("/targets/hello-1.1.0.tar"),
  );
  const delta = await encodeDelta(old, wrong);
  const hash = await sha256(right);
  const at = findHash(delta, await sha256(wrong));
  delta.set(hash, at);
  await scene(async ({ device, update }) => {
    const { reasons } = await update(instead(delta));
    await assertRuns(device, 1);
    assert.match(reasons.join(), /came out of a segment of the delta wrong/);
  });
});

function findHash(delta: Uint8Array, hash: Uint8Array): number {
  for (let at = 0; at + 32 <= delta.length; at++) {
    if (equalBytes(delta.subarray(at, at + 32), hash)) return at;
  }
  throw new Error("the head names no such file");
}
