import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { BrecciaError } from "../../src/errors.ts";
import { edgeOf, type EdgeUnderTest, Origin } from "../mirror/edge_fixture.ts";
import { ForeignOrigin } from "../mirror/foreign_fixture.ts";
import { noise } from "../publish/memory_tree.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { testNeeding } from "../requirement.ts";
import { parsePrometheusText } from "./prometheus_text.ts";

const PROMTOOL = "/usr/bin/promtool";
const RULES = new URL("../../docs/deploy/alerts.yml", import.meta.url).pathname;
const promtool = {
  what: "promtool (apt-get install prometheus)",
  available: await Deno.stat(PROMTOOL).then(() => true, () => false),
};

/** What Prometheus is fed: series with promtool's notation of values, one a minute. */
type Series = readonly (readonly [series: string, values: string])[];

interface Fault {
  /** What happens: the test's name. */
  readonly fault: string;
  /** Minutes after it began at which the alarms are looked at, and the one that fires then, if any. */
  readonly alarms: readonly (readonly [minutes: number, alarm: string | undefined])[];
  readonly series: () => Promise<Series>;
}

const TARGET = `instance="edge:8080",job="breccia"`;
const MINUTES = 180;

/** What an edge tells, held for three hours that begin now; absolute times are from then on. */
async function told(edge: EdgeUnderTest, now = NOW): Promise<Series> {
  const metrics = parsePrometheusText(await (await edge.get("metrics")).text());
  const series: [string, string][] = [[`up{${TARGET}}`, `1x${MINUTES}`]];
  for (const family of metrics.values()) {
    const isTime = family.type === "gauge" && family.name.endsWith("_seconds");
    for (const { name, labels, value } of family.samples) {
      const own = [...labels].map(([label, text]) => `${label}="${text}"`);
      const from = isTime && value > 1e9 ? value - now / 1000 : value;
      series.push([`${name}{${[TARGET, ...own].join(",")}}`, `${from}x${MINUTES}`]);
    }
  }
  return series;
}

/** An edge that has a release, and then meets `lie` for every path that it matches. */
async function lyingUpstream(
  lie: (path: string) => Promise<Response | undefined>,
): Promise<Series> {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(100_000, 1) });
  const under = await edgeOf(origin);
  await under.edge.refresh();
  await origin.release("1.1.0", { app: noise(100_000, 2) });
  origin.lie = lie;
  await under.edge.refresh().catch((error) => assert.ok(error instanceof BrecciaError));
  assert.notEqual(under.edge.status().trouble, null, "the lie was met");
  return await told(under);
}

function bytes(length: number): Uint8Array<ArrayBuffer> {
  return noise(length, 3) as Uint8Array<ArrayBuffer>;
}

/** The honest answer for what `lie` doesn't match. */
function at(pattern: RegExp, lie: () => Response | Promise<Response>) {
  return (path: string): Promise<Response | undefined> =>
    pattern.test(path) ? Promise.resolve(lie()) : Promise.resolve(undefined);
}

const FAULTS: readonly Fault[] = [
  {
    fault: "nothing",
    alarms: [[1, undefined], [30, undefined]],
    series: async () => {
      const origin = await Origin.create();
      await origin.release("1.0.0", { app: noise(100_000, 1) });
      const under = await edgeOf(origin);
      await under.edge.refresh();
      return await told(under);
    },
  },
  {
    fault: "one edge of two is gone",
    alarms: [[4, undefined], [30, "BrecciaEdgeDown"]],
    series: () =>
      Promise.resolve([
        [`up{instance="a:1",job="breccia"}`, `1x1 0x${MINUTES}`],
        [`breccia_ready{instance="a:1",job="breccia"}`, `1x1 _x${MINUTES}`],
        [`up{instance="b:1",job="breccia"}`, `1x${MINUTES}`],
        [`breccia_ready{instance="b:1",job="breccia"}`, `1x${MINUTES}`],
      ]),
  },
  {
    fault: "all edges are gone",
    alarms: [[30, "BrecciaEdgeDown"]],
    series: () => Promise.resolve([[`up{instance="other:1",job="other"}`, `1x${MINUTES}`]]),
  },
  {
    fault: "an edge that never reached its upstream",
    alarms: [[1, undefined], [30, "BrecciaNotReady"]],
    series: async () => {
      const origin = await Origin.create();
      origin.lie = () => Promise.reject(new TypeError("unreachable"));
      const under = await edgeOf(origin);
      await assert.rejects(under.edge.refresh());
      return await told(under);
    },
  },
  {
    fault: "metadata that expires in half a day",
    alarms: [[5, undefined], [15, "BrecciaMetadataExpiresSoon"]],
    series: async () => {
      const origin = await Origin.create();
      await origin.release("1.0.0", { app: noise(100_000, 1) });
      let now = NOW;
      const under = await edgeOf(origin, { clock: { now: () => now } });
      await under.edge.refresh();
      now = under.edge.status().expires! - 12 * 3_600_000;
      await under.edge.refresh();
      return await told(under, now);
    },
  },
  {
    fault: "a body that is longer than what is signed",
    alarms: [[1, "BrecciaUpstreamTampered"], [45, "BrecciaUpstreamTampered"]],
    series: () => lyingUpstream(at(/^packs\//, () => new Response(bytes(2_000_000)))),
  },
  {
    fault: "another body in the place of a pack",
    alarms: [[1, "BrecciaUpstreamTampered"]],
    series: () => lyingUpstream(at(/^packs\//, () => new Response(bytes(100_000)))),
  },
  {
    fault: "a pack that is missing",
    alarms: [[1, undefined], [45, "BrecciaUpstreamUnusable"]],
    series: () => lyingUpstream(at(/^packs\//, () => new Response(null, { status: 404 }))),
  },
  {
    fault: "a captive portal",
    alarms: [[1, undefined], [45, "BrecciaUpstreamUnusable"]],
    series: () =>
      lyingUpstream(at(/./, () => new Response("<html>Log in</html>", { status: 200 }))),
  },
  {
    fault: "an upstream that fails",
    alarms: [[1, undefined], [45, "BrecciaUpstreamUnusable"]],
    series: () => lyingUpstream(at(/./, () => new Response(null, { status: 500 }))),
  },
  {
    fault: "an upstream that can't be reached",
    alarms: [[45, undefined], [70, "BrecciaLagging"]],
    series: () => lyingUpstream(() => Promise.reject(new TypeError("unreachable"))),
  },
  {
    fault: "a publisher that signs too late",
    alarms: [[1, undefined], [45, "BrecciaUpstreamUnusable"]],
    series: async () => {
      const origin = await ForeignOrigin.create({ app: noise(10, 1) as Uint8Array<ArrayBuffer> });
      const under = await edgeOf(origin);
      await under.edge.refresh();
      await origin.expire("targets", NOW - 1000);
      await assert.rejects(under.edge.refresh());
      return await told(under);
    },
  },
  {
    fault: "a team whose metadata has expired",
    alarms: [[1, undefined], [45, "BrecciaRoleUnavailable"]],
    series: async () => {
      const bytes = noise(10, 1) as Uint8Array<ArrayBuffer>;
      const origin = await ForeignOrigin.create({ app: bytes });
      await origin.delegate("team", ["team-*"], { "team-app": bytes });
      await origin.expire("team", NOW - 1000);
      const under = await edgeOf(origin);
      await under.edge.refresh();
      return await told(under);
    },
  },
  {
    fault: "a store that is full",
    alarms: [[1, undefined], [30, "BrecciaStoreTrouble"]],
    series: async () => {
      const origin = await Origin.create();
      await origin.release("1.0.0", { app: noise(100_000, 1) });
      const store = new MemoryStore();
      const under = await edgeOf(origin, { store });
      await under.edge.refresh();
      await origin.release("1.1.0", { app: noise(100_000, 2) });
      store.put = () => Promise.reject(new BrecciaError("storage-full", "The disk is full"));
      await assert.rejects(under.edge.refresh());
      return await told(under);
    },
  },
  {
    fault: "one answer of twenty that fails",
    alarms: [[1, undefined], [30, "BrecciaErrors"]],
    series: () =>
      Promise.resolve([
        [`breccia_ready{${TARGET}}`, `1x${MINUTES}`],
        [`breccia_answers_total{${TARGET},route="packs",status="200"}`, `0+95x${MINUTES}`],
        [`breccia_answers_total{${TARGET},route="packs",status="502"}`, `0+5x${MINUTES}`],
      ]),
  },
  {
    fault: "answers that begin after a second",
    alarms: [[5, undefined], [30, "BrecciaSlow"]],
    series: () =>
      Promise.resolve([
        [`breccia_ready{${TARGET}}`, `1x${MINUTES}`],
        [`breccia_answer_seconds_bucket{${TARGET},route="packs",le="0.1"}`, `0+90x${MINUTES}`],
        [`breccia_answer_seconds_bucket{${TARGET},route="packs",le="2.5"}`, `0+100x${MINUTES}`],
        [`breccia_answer_seconds_bucket{${TARGET},route="packs",le="+Inf"}`, `0+100x${MINUTES}`],
      ]),
  },
];

for (const { fault, alarms, series } of FAULTS) {
  const fired = [...new Set(alarms.flatMap(([, alarm]) => alarm ?? []))].join(", ");
  testNeeding(promtool, `${fault} fires ${fired || "no alarm"} and no other`, async () => {
    const looks = alarms.map(([minutes, alarm]) => ({
      expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
      eval_time: `${minutes}m`,
      exp_samples: alarm === undefined ? [] : [{ labels: `{alertname="${alarm}"}`, value: 1 }],
    }));
    const input = (await series()).map(([name, values]) => ({ series: name, values }));
    const file = await Deno.makeTempFile({ suffix: ".json" });
    try {
      // JSON is YAML.
      await Deno.writeTextFile(
        file,
        JSON.stringify({
          rule_files: [RULES],
          evaluation_interval: "1m",
          tests: [{ interval: "1m", input_series: input, promql_expr_test: looks }],
        }),
      );
      const { success, stdout, stderr } = await new Deno.Command(PROMTOOL, {
        args: ["test", "rules", file],
      }).output();
      const decoder = new TextDecoder();
      assert.ok(success, decoder.decode(stdout) + decoder.decode(stderr));
    } finally {
      await Deno.remove(file);
    }
  });
}

testNeeding(promtool, "every alarm of the file is fired by one of these faults", async () => {
  const rules = (await Deno.readTextFile(RULES)).matchAll(/- alert: (\w+)/g);
  const fired = new Set(FAULTS.flatMap(({ alarms }) => alarms.map(([, alarm]) => alarm)));
  for (const [, name] of rules) assert.ok(fired.has(name), name);
});
