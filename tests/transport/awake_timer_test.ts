import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { AwakeTimer, type Timers } from "../../src/transport/awake_timer.ts";
import { HttpClient, readAnswer } from "../../src/transport/mod.ts";

/** Timers of a process that runs, and stands still, as told. */
class Machine implements Timers {
  #now = 0;
  #next = 0;
  readonly #due = new Map<number, { at: number; act: () => void }>();

  now(): number {
    return this.#now;
  }

  set(act: () => void, milliseconds: number): number {
    this.#due.set(++this.#next, { at: this.#now + milliseconds, act });
    return this.#next;
  }

  clear(timer: unknown): void {
    this.#due.delete(timer as number);
  }

  /** Runs for so long: what is due happens at its time. */
  run(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const [first] = [...this.#due].sort(([, a], [, b]) => a.at - b.at);
      if (first === undefined || first[1].at > end) break;
      this.#now = Math.max(this.#now, first[1].at);
      this.#due.delete(first[0]);
      first[1].act();
    }
    this.#now = end;
  }

  /** Stands still for so long: what falls due meanwhile happens late. */
  suspend(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

Deno.test("a timer ends after the time that was given, and not before", () => {
  const machine = new Machine();
  const ended: number[] = [];
  const timer = new AwakeTimer((given) => ended.push(given), machine);
  timer.start(30_000);
  machine.run(29_999);
  assert.deepEqual(ended, []);
  machine.run(1);
  assert.deepEqual(ended, [30_000]);
  machine.run(100_000);
  assert.deepEqual(ended, [30_000], "once");
});

Deno.test("time in which the process stood still does not count, however often it did", () => {
  const machine = new Machine();
  let ended = false;
  const timer = new AwakeTimer(() => ended = true, machine);
  timer.start(30_000);
  for (let nap = 0; nap < 5; nap++) {
    machine.run(3000);
    machine.suspend(45_000);
  }
  machine.run(1);
  assert.equal(ended, false, "15 s awake");
  assert.ok(timer.stop() < 26_000, "a nap counts as two looks at the clock at most");
});

Deno.test("a stopped timer tells what was waited awake, and starts anew", () => {
  const machine = new Machine();
  const timer = new AwakeTimer(() => assert.fail("it was stopped"), machine);
  timer.start(30_000);
  machine.run(2500);
  assert.equal(timer.stop(), 2500);
  assert.equal(timer.stop(), 2500, "stopping twice counts once");
  machine.run(60_000);
  timer.start(30_000);
  machine.run(700);
  assert.equal(timer.stop(), 700);
});

/** A body that brings one byte, and then whatever `next` sends. */
function slowBody() {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
  return { body, send: () => controller.enqueue(new Uint8Array(1)), end: () => controller.close() };
}

Deno.test("a download that a suspended machine interrupted is no silent and no slow server", async () => {
  const machine = new Machine();
  const { body, send, end } = slowBody();
  const http = new HttpClient({ fetch: () => new Response(body), timers: machine });
  const answer = await http.send({ url: new URL("https://h.test/"), maxBytes: 10 });
  const reading = readAnswer(answer);
  for (let nap = 0; nap < 4; nap++) {
    // The read begins, and its timer with it, before the machine sleeps.
    await new Promise((next) => setTimeout(next, 0));
    machine.suspend(45_000);
    machine.run(1);
    send();
  }
  await new Promise((next) => setTimeout(next, 0));
  end();
  assert.equal((await reading).length, 4);
});

Deno.test("a server that falls silent while the machine is awake still ends in a timeout", async () => {
  const machine = new Machine();
  const { body } = slowBody();
  const http = new HttpClient({ fetch: () => new Response(body), timers: machine });
  const fetchAborts = new HttpClient({
    fetch: (request) =>
      new Promise((_, reject) =>
        request.signal.addEventListener("abort", () => reject(request.signal.reason))
      ),
    timers: machine,
  });
  const silent = fetchAborts.send({ url: new URL("https://h.test/"), maxBytes: 10 });
  await new Promise((next) => setTimeout(next, 0));
  machine.run(30_000);
  await assert.rejects(silent, (error) => isBrecciaError(error, "timeout"));
  await (await http.send({ url: new URL("https://h.test/"), maxBytes: 10 })).cancel();
});
