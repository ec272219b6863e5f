import assert from "node:assert/strict";
import type { ErrorCode } from "../../src/errors.ts";
import type { Log } from "../../src/ports/mod.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { parsePrometheusText } from "../workers/prometheus_text.ts";
import { bodyOf, edgeOf, type EdgeUnderTest, Origin, PATIENT, snapshot } from "./edge_fixture.ts";

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

/** An edge that has mirrored release 1.1.0, with a clock and an upstream that a test turns bad. */
interface Watched extends EdgeUnderTest {
  readonly origin: Origin;
  /** The timestamp before the one that is served. */
  readonly olderTimestamp: Uint8Array<ArrayBuffer>;
  readonly time: { now: number };
  readonly records: { level: string; event: string; fields: Record<string, unknown> }[];
}

async function watchedEdge(): Promise<Watched> {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: "one" });
  const time = { now: NOW };
  const records: Watched["records"] = [];
  const log: Log = (level, event, fields = {}) => void records.push({ level, event, fields });
  const under = await edgeOf(origin, { clock: { now: () => time.now }, log }, PATIENT);
  await under.edge.refresh();
  const olderTimestamp = await origin.bytes("metadata/timestamp.json");
  await origin.release("1.1.0", { app: "two" });
  await under.edge.refresh();
  records.length = 0;
  return { ...under, origin, olderTimestamp, time, records };
}

interface Alarm {
  readonly what: string;
  /** Makes it happen. */
  readonly happens: (edge: Watched) => void | Promise<void>;
  /** What the last refresh failed with; absent when it succeeds. */
  readonly code?: ErrorCode;
  /** The sentences for the operator, in order. */
  readonly reasons: readonly RegExp[];
  /** Whether clients can still use what is served. */
  readonly ready: boolean;
  /** What is logged, as `level event`. */
  readonly logged: readonly string[];
}

/** Answers for the paths that match; the rest is honest. */
function lieAbout(
  { origin }: Watched,
  path: RegExp,
  answer: (honest: Uint8Array<ArrayBuffer>) => Response | undefined,
): void {
  origin.lie = async (asked) => path.test(asked) ? answer(await origin.bytes(asked)) : undefined;
}

function flipped(bytes: Uint8Array<ArrayBuffer>): Response {
  bytes[bytes.length >> 1]! ^= 4;
  return new Response(bytes);
}

/** Other metadata under signatures that were made for the honest one. */
function signedByNobody(bytes: Uint8Array<ArrayBuffer>): Response {
  const file = JSON.parse(new TextDecoder().decode(bytes));
  file.signed.version += 5;
  return new Response(JSON.stringify(file));
}

const FAILED = ["warn refresh failed"];

const ALARMS: readonly Alarm[] = [
  {
    what: "a tampered target",
    happens: async (edge) => {
      await edge.origin.release("1.2.0", { app: "three" });
      lieAbout(edge, /^packs\//, flipped);
    },
    code: "pack-mismatch",
    reasons: [/Cannot accept pack .*; nothing of it was kept/],
    ready: true,
    logged: FAILED,
  },
  {
    what: "tampered metadata",
    happens: async (edge) => {
      await edge.origin.release("1.2.0", { app: "three" });
      lieAbout(edge, /\.targets\.json$/, flipped);
    },
    code: "mix-and-match",
    reasons: [/targets\.json/],
    ready: true,
    logged: FAILED,
  },
  {
    what: "a timestamp that nobody signed",
    happens: (edge) => lieAbout(edge, /timestamp\.json$/, signedByNobody),
    code: "arbitrary-software",
    reasons: [/timestamp/],
    ready: true,
    logged: FAILED,
  },
  {
    what: "an upstream that rolled back",
    happens: (edge) =>
      lieAbout(edge, /timestamp\.json$/, () => new Response(edge.olderTimestamp.slice())),
    code: "rollback",
    reasons: [/version 2.*version 3|version 3.*version 2/],
    ready: true,
    logged: FAILED,
  },
  {
    what: "an upstream that is gone",
    happens: (edge) => {
      edge.origin.lie = () => Promise.reject(new TypeError("connection refused"));
    },
    code: "offline",
    reasons: [/Cannot reach http:\/\/origin\.test: connection refused/],
    ready: true,
    logged: FAILED,
  },
  {
    what: "an upstream that has no metadata any more",
    happens: (edge) => lieAbout(edge, /./, () => new Response(null, { status: 404 })),
    code: "metadata-missing",
    reasons: [/timestamp\.json/],
    ready: true,
    logged: FAILED,
  },
  {
    what: "an upstream that asks for a rest",
    happens: (edge) => lieAbout(edge, /./, () => new Response(null, { status: 503 })),
    code: "http-status",
    reasons: [/answered 503/],
    ready: true,
    logged: FAILED,
  },
  {
    what: "metadata that expires within a day, with nothing newer upstream",
    happens: ({ time }) => void (time.now += 7 * DAY - 5.5 * HOUR),
    reasons: [
      /^The timestamp metadata expires within 5 h; the upstream has nothing newer, so its publisher/,
    ],
    ready: true,
    logged: ["warn metadata expires soon"],
  },
  {
    what: "metadata that expires within a day while the upstream is gone",
    happens: (edge) => {
      edge.time.now += 7 * DAY - 5.5 * HOUR;
      edge.origin.lie = () => Promise.reject(new TypeError("connection refused"));
    },
    code: "offline",
    reasons: [
      /^The timestamp metadata expires within 5 h; the upstream has to bring newer/,
      /connection refused/,
    ],
    ready: true,
    logged: ["warn refresh failed", "warn metadata expires soon"],
  },
  {
    what: "a frozen upstream, which has served the same until it expired",
    happens: ({ time }) => void (time.now += 7 * DAY),
    code: "freeze",
    reasons: [/^The timestamp metadata has expired, and clients refuse it/, /timestamp.*expired/],
    ready: false,
    logged: ["warn refresh failed", "error metadata expired"],
  },
];

for (const { what, happens, code, reasons, ready, logged } of ALARMS) {
  Deno.test(`${what}: page, /readyz, /status.json, /metrics and the log say so, and what was good stays`, async () => {
    const watched = await watchedEdge();
    const { edge, get, store, records } = watched;
    const served = await bodyOf(await get("/metadata/timestamp.json"));
    const before = await snapshot(store);
    await happens(watched);
    if (code === undefined) await edge.refresh();
    else await assert.rejects(edge.refresh(), { code });

    const answer = await get("/readyz");
    assert.equal(answer.status, ready ? 200 : 503);
    const told: string[] = (await answer.json()).reasons;
    assert.equal(told.length, reasons.length, told.join("\n"));
    for (const [at, reason] of reasons.entries()) assert.match(told[at]!, reason);

    const status = await (await get("/status.json")).json();
    assert.deepEqual([status.ready, status.reasons], [ready, told]);
    assert.equal(status.trouble?.code, code);

    const metrics = parsePrometheusText(await (await get("/metrics")).text());
    const value = (name: string) => metrics.get(name)?.samples[0]?.value;
    assert.equal(value("breccia_ready"), Number(ready));
    assert.equal(value("breccia_refresh_failed"), Number(code !== undefined));
    const trouble = metrics.get("breccia_trouble")?.samples.map(({ labels }) => labels.get("code"));
    assert.deepEqual(trouble, code === undefined ? undefined : [code]);
    assert.equal(value("breccia_metadata_expires_seconds"), (NOW + 7 * DAY) / 1000);

    const page = await (await get("/")).text();
    assert.equal(page.match(/<li>/g)?.length, told.length);

    assert.deepEqual(records.map(({ level, event }) => `${level} ${event}`), logged);
    for (const { fields } of records) {
      assert.ok(told.includes(fields["message"] as string), "the log has the same sentence");
    }

    assert.deepEqual(await bodyOf(await get("/metadata/timestamp.json")), served);
    const after = await snapshot(store);
    for (const [key, bytes] of before) assert.deepEqual(after.get(key), bytes, key);
  });
}

Deno.test("a refresh that takes long is told while it runs, and no more when it has ended", async () => {
  const { edge, origin, time, get } = await watchedEdge();
  await origin.release("1.2.0", { app: "three" });
  const asked = Promise.withResolvers<void>();
  const hanging = Promise.withResolvers<undefined>();
  origin.lie = (path) => {
    if (!path.startsWith("packs/")) return Promise.resolve(undefined);
    asked.resolve();
    return hanging.promise;
  };
  const refreshing = edge.refresh();
  await asked.promise;
  const reasons = async () => (await (await get("/readyz")).json()).reasons;
  assert.deepEqual(await reasons(), []);
  const began = time.now;
  time.now += 25 * 60_000;
  assert.match((await reasons())[0], /^A refresh has been under way for 25 min;/);
  const metrics = async () => parsePrometheusText(await (await get("/metrics")).text());
  const since = (await metrics()).get("breccia_refreshing_since_seconds");
  assert.equal(since?.samples[0]?.value, began / 1000);
  hanging.resolve(undefined);
  await refreshing;
  assert.deepEqual(await reasons(), []);
  assert.equal((await metrics()).has("breccia_refreshing_since_seconds"), false);
});

Deno.test("the log is told once that metadata will expire, and once that it has", async () => {
  const { edge, time, records } = await watchedEdge();
  time.now += 6.5 * DAY;
  for (let times = 0; times < 3; times++) await edge.refresh();
  time.now += DAY;
  for (let times = 0; times < 3; times++) await edge.refresh().catch(() => {});
  const events = records.map(({ event }) => event).filter((event) => event !== "refresh failed");
  assert.deepEqual(events, ["metadata expires soon", "metadata expired"]);
});
