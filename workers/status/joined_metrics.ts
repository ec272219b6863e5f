/**
 * Joins texts in the format of Prometheus to one in which each value has the label `upstream`. The format
 * wants all values of a metric together, under one line that says its type.
 *
 * @param texts By name of the upstream, which needs no escaping.
 */
export function joinMetrics(texts: Iterable<readonly [upstream: string, text: string]>): string {
  /** Lines by the comment that begins a metric. */
  const metrics = new Map<string, string[]>();
  for (const [upstream, text] of texts) {
    let lines: string[] = [];
    for (const line of text.split("\n")) {
      if (line.startsWith("#")) {
        lines = metrics.get(line) ?? [];
        metrics.set(line, lines);
      } else if (line !== "") lines.push(labelled(line, upstream));
    }
  }
  return [...metrics].flatMap(([head, lines]) => [head, ...lines]).concat("").join("\n");
}

function labelled(line: string, upstream: string): string {
  const end = line.search(/[{ ]/);
  const label = `upstream="${upstream}"`;
  const rest = line[end] === "{"
    ? `{${label},${line.slice(end + 1)}`
    : `{${label}}${line.slice(end)}`;
  return line.slice(0, end) + rest;
}
