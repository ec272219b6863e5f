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

Deno.test("each error code that a refresh can end with has one alarm, or is only a matter of time", () => {
  const codesOf = (alarm: string): RegExp => {
    const [, not = "", codes = ""] =
      new RegExp(`${alarm}\\b[^]*?code(!?)=?~"([^"]+)"`).exec(RULES) ?? [];
    assert.ok(codes !== "", alarm);
    return new RegExp(not === "!" ? `^(?!(?:${codes})$)` : `^(?:${codes})$`);
  };
  const alarms = ["BrecciaUpstreamTampered", "BrecciaUpstreamUnusable", "BrecciaStoreTrouble"];
  const patterns = alarms.map(codesOf);
  const silent = new Set(["offline", "timeout"]);
  const families: readonly ErrorFamily[] = ["trust", "content", "network", "storage", "internal"];
  for (const code of families.flatMap((family) => ERROR_CODES[family])) {
    const count = patterns.filter((pattern) => pattern.test(code)).length;
    assert.equal(count, silent.has(code) ? 0 : 1, code);
  }
});
