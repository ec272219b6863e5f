import assert from "node:assert/strict";
import { ERROR_CODES, type ErrorFamily } from "../../src/errors.ts";
import { busyEdge } from "./busy_edge.ts";
import { type MetricFamily, parsePrometheusText } from "./prometheus_text.ts";

const RULES = Deno.readTextFileSync(new URL("../../docs/deploy/alerts.yml", import.meta.url));

/** What Prometheus itself adds to each sample, and what an edge of several upstreams does. */
const ADDED = ["instance", "upstream"];

async function metricsInTrouble(): Promise<ReadonlyMap<string, MetricFamily>> {
  const { edge, ask, origin } = await busyEdge();
  origin.lie = () => Promise.resolve(new Response(null, { status: 500 }));
  await assert.rejects(edge.refresh());
  return parsePrometheusText(await (await ask("/metrics")).text());
}

Deno.test("the alarms that operators copy ask for metrics and labels that there are", async () => {
  const metrics = await metricsInTrouble();
  const names = new Set(RULES.match(/\bbreccia_[a-z_]+/g));
  assert.ok(names.size >= 5);
  const labels = new Set(ADDED);
  for (const name of names) {
    const family = metrics.get(name.replace(/_bucket$/, ""));
    assert.ok(family !== undefined && family.samples.length > 0, `${name} is no metric`);
    for (const sample of family.samples) {
      for (const label of sample.labels.keys()) labels.add(label);
    }
  }
  const used = [
    ...RULES.matchAll(/[{,]\s*([a-z]+)(?:=~|!~|!=|=)"/g),
    ...RULES.matchAll(/\$labels\.([a-z]+)/g),
  ];
  assert.ok(used.length >= 5);
  for (const [, label] of used) assert.ok(labels.has(label!), `no metric has ${label}`);
});

Deno.test("tampering wakes somebody, and an upstream that can't be reached does not", () => {
  const tampering = /BrecciaUpstreamTampered[^]*?code!~"([^"]+)"/.exec(RULES)?.[1];
  const storing = /BrecciaStoreTrouble[^]*?code=~"([^"]+)"/.exec(RULES)?.[1];
  assert.ok(tampering !== undefined && storing !== undefined);
  const isTampering = (code: string) => !new RegExp(`^(?:${tampering})$`).test(code);
  const isStoring = (code: string) => new RegExp(`^(?:${storing})$`).test(code);
  const alarms: Record<Exclude<ErrorFamily, "usage" | "publish" | "address">, [boolean, boolean]> =
    {
      trust: [true, false],
      content: [true, false],
      network: [false, false],
      storage: [false, true],
      internal: [false, true],
    };
  for (const [family, expected] of Object.entries(alarms)) {
    for (const code of ERROR_CODES[family as ErrorFamily]) {
      assert.deepEqual([isTampering(code), isStoring(code)], expected, code);
    }
  }
});
