import assert from "node:assert/strict";

/** A metric with its samples, as a scraper reads them. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

/** One value. */
export interface Sample {
  /** Its own name: a histogram's end in `_bucket`, `_sum` and `_count`. */
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?!$)|$)/y;

/**
 * Reads the text format of Prometheus, version 0.0.4, and fails on whatever a scraper may refuse or
 * misread: a metric in two places, a sample outside its metric, one given twice, a histogram that is none.
 */
export function parsePrometheusText(text: string): ReadonlyMap<string, MetricFamily> {
  assert.ok(text.endsWith("\n"), "the last line ends");
  const families = new Map<string, MetricFamily & { samples: Sample[] }>();
  let current: (MetricFamily & { samples: Sample[] }) | undefined;
  const lines = text.slice(0, -1).split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const [, name = "", help = ""] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
    if (name !== "") {
      assert.match(name, NAME);
      assert.ok(!families.has(name), `${name} stands in two places`);
      const [, typed, type = ""] = /^# TYPE (\S+) (counter|gauge|histogram)$/
        .exec(lines[++at] ?? "") ?? [];
      assert.equal(typed, name, `the type follows the help of ${name}`);
      current = { name, help, type, samples: [] };
      families.set(name, current);
      continue;
    }
    assert.ok(current !== undefined && !line.startsWith("#"), `line ${at + 1}: ${line}`);
    current.samples.push(parseSample(line, current));
  }
  for (const family of families.values()) checkFamily(family);
  return families;
}

function parseSample(line: string, { name, type }: MetricFamily): Sample {
  const [, own = "", labels, number = ""] = SAMPLE.exec(line) ?? [];
  const belongs = type === "histogram"
    ? [`${name}_bucket`, `${name}_sum`, `${name}_count`].includes(own)
    : own === name;
  assert.ok(belongs, `${line} stands under ${name}`);
  if (type === "counter") assert.match(name, /_total$/);
  const value = Number(number);
  assert.ok(number !== "" && Number.isFinite(value), `${line} has no number`);
  assert.ok(type === "gauge" || value >= 0, `${line} counts below nought`);
  return { name: own, labels: parseLabels(labels ?? "", line), value };
}

function parseLabels(text: string, line: string): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (let at = 0; at < text.length;) {
    LABEL.lastIndex = at;
    const match = LABEL.exec(text);
    assert.ok(match !== null, `labels of ${line}`);
    assert.ok(!labels.has(match[1]!), `${line} has ${match[1]} twice`);
    labels.set(match[1]!, match[2]!);
    at = LABEL.lastIndex;
  }
  return labels;
}

function checkFamily({ name, type, samples }: MetricFamily): void {
  const seen = new Set<string>();
  for (const sample of samples) {
    const id = `${sample.name} ${JSON.stringify([...sample.labels].sort())}`;
    assert.ok(!seen.has(id), `${id} is given twice`);
    seen.add(id);
  }
  if (type !== "histogram") return;
  const series = Map.groupBy(samples, ({ labels }) => {
    return JSON.stringify([...labels].filter(([label]) => label !== "le").sort());
  });
  for (const [labels, all] of series) {
    const buckets = all.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => {
      return labels.get("le") === "+Inf" ? Infinity : Number(labels.get("le"));
    });
    const counts = buckets.map(({ value }) => value);
    const ascending = (numbers: number[]) =>
      numbers.every((n, at) => at === 0 || numbers[at - 1]! <= n);
    assert.ok(ascending(bounds) && ascending(counts), `buckets of ${name} ${labels}`);
    assert.equal(bounds.at(-1), Infinity);
    const count = all.find((sample) => sample.name === `${name}_count`)?.value;
    assert.equal(counts.at(-1), count, `${name}_count ${labels}`);
    assert.ok(all.some((sample) => sample.name === `${name}_sum`));
  }
}
