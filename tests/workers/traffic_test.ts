import assert from "node:assert/strict";
import { Traffic } from "../../workers/status/traffic.ts";

const MINUTE = 60_000;

Deno.test("the last hour is counted by minutes, and forgotten after that", () => {
  let now = 1000 * MINUTE;
  const traffic = new Traffic({ now: () => now });
  traffic.count("packs", 200, 0.1);
  now += 59 * MINUTE;
  traffic.count("packs", 503, 0.1);
  traffic.count("packs", 200, 0.1);
  const hour = traffic.lastHour();
  assert.equal(hour.length, 60);
  assert.deepEqual(hour[0], { answers: 1, errors: 0 });
  assert.deepEqual(hour[59], { answers: 2, errors: 1 });
  now += MINUTE;
  traffic.count("packs", 200, 0.1);
  assert.deepEqual(traffic.lastHour()[0], { answers: 0, errors: 0 });
  assert.equal(traffic.counts().minutes.size, 2);
});

Deno.test("what several threads have counted is shown as one", () => {
  const clock = { now: () => 5 * MINUTE };
  const [here, there] = [new Traffic(clock), new Traffic(clock)];
  here.count("packs", 200, 0.002);
  there.count("packs", 200, 0.2);
  there.count("metadata", 500, 0.2);
  there.sent("packs", 70);
  here.showWith([structuredClone(there.counts())]);
  assert.deepEqual(here.totals(), [
    { route: "packs", answers: 2, errors: 0, bytes: 70 },
    { route: "metadata", answers: 1, errors: 1, bytes: 0 },
  ]);
  assert.deepEqual(here.lastHour().at(-1), { answers: 3, errors: 1 });
  const text = [...here.lines()].join("\n");
  assert.match(text, /breccia_answers_total\{route="packs",status="200"\} 2/);
  assert.match(text, /breccia_answer_seconds_count\{route="packs"\} 2/);
  assert.equal(there.totals()[0]?.answers, 1, "the other one is as it was");
});
