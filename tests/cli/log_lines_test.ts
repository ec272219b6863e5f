import assert from "node:assert/strict";
import { logLines } from "../../workers/process/log_lines.ts";

/** Parts of secrets that JSON or URLs treat in their own way. */
const ODD = [
  '"',
  "\\",
  "\n",
  '\\"',
  "'",
  '","level":"info',
  "\u2028",
  "}",
  "\ud800",
  "\x1b[31m",
  "#",
  "?",
];

Deno.test("a log line is one line of JSON without the secret, whatever the secret is made of", () => {
  for (const odd of ODD) {
    for (
      const url of [
        `https://user:hush${odd}hush@updates.test/path`,
        `https://updates.test/path?token=hush${odd}`,
        `https://updates.test/path#hush${odd}`,
      ]
    ) {
      // As whoever parsed the URL shows it, and as it was typed.
      for (const shown of [URL.parse(url)?.href ?? "https:", url.replaceAll(/[\n\u2028]/g, "")]) {
        const lines: string[] = [];
        const log = logLines((line) => lines.push(line));
        const message = `Cannot reach ${shown}`;
        log("warn", "refresh failed", { message, upstream: shown });
        assert.equal(lines.length, 1);
        assert.doesNotMatch(lines[0]!, /\n|hush/, shown);
        const record = JSON.parse(lines[0]!);
        assert.deepEqual([record.level, record.event], ["warn", "refresh failed"]);
        assert.match(`${record.message} ${record.upstream}`, /^Cannot reach https:.* https:/);
      }
    }
  }
});
