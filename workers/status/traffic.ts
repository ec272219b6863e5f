import type { ReadCounts } from "../../src/mirror/mod.ts";
import { type Clock, systemClock } from "../../src/ports/mod.ts";

/** Upper bounds of the latency buckets, in seconds; the last one is without bound. */
const BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10] as const;

/** What was answered on one kind of route. */
export interface RouteTotals {
  /** Kind of route: `"packs"`. */
  readonly route: string;
  /** How many answers. */
  readonly answers: number;
  /** Answers with a status of 500 and up. */
  readonly errors: number;
  /** Body bytes. */
  readonly bytes: number;
}

/** Answers of one minute. */
export interface Minute {
  /** How many answers. */
  answers: number;
  /** Those with a status of 500 and up. */
  errors: number;
}

/** Minutes that are remembered. */
const MINUTES = 60;

/** Counters of answers, in a form that crosses threads. */
export interface TrafficCounts {
  /** Answers by Prometheus' labels of route and status. */
  readonly answers: ReadonlyMap<string, number>;
  /** Answers with a status of 500 and up, by route. */
  readonly errors: ReadonlyMap<string, number>;
  /** Body bytes by route. */
  readonly bytes: ReadonlyMap<string, number>;
  /** Times of answers by route: their sum in seconds, and how many fell into each bucket. */
  readonly seconds: ReadonlyMap<string, Times>;
  /** The last hour by minutes since 1970. */
  readonly minutes: ReadonlyMap<number, Minute>;
  /** Where content came from. */
  readonly reads: ReadCounts;
}

/** Times of the answers of one route. */
export interface Times {
  /** In seconds. */
  sum: number;
  /** Answers in each latency bucket; the last one is without bound. */
  readonly buckets: number[];
}

/** What an edge counts of the answers it gives, by kind of route. */
export class Traffic {
  readonly #answers = new Map<string, number>();
  readonly #errors = new Map<string, number>();
  readonly #bytes = new Map<string, number>();
  readonly #seconds = new Map<string, Times>();
  readonly #minutes = new Map<number, Minute>();
  readonly #clock: Clock;
  #reads: Readonly<ReadCounts> = { memory: 0, store: 0, upstream: 0 };
  #elsewhere: readonly TrafficCounts[] = [];

  /** Counts minutes by `clock`. */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /**
   * Counts one answer.
   *
   * @param route Kind of route, of a small set: `"packs"`. Never a path, which clients choose.
   * @param seconds From the request to the headers of the answer.
   */
  count(route: string, status: number, seconds: number): void {
    add(this.#answers, `route="${route}",status="${status}"`, 1);
    if (status >= 500) add(this.#errors, route, 1);
    const now = Math.floor(this.#clock.now() / 60_000);
    const minute = minuteOf(this.#minutes, now);
    minute.answers++;
    if (status >= 500) minute.errors++;
    const [oldest] = this.#minutes.keys();
    if (oldest !== undefined && oldest <= now - MINUTES) this.#minutes.delete(oldest);
    const times = timesOf(this.#seconds, route);
    times.sum += seconds;
    const at = BUCKETS.findIndex((bound) => seconds <= bound);
    times.buckets[at === -1 ? BUCKETS.length : at]!++;
  }

  /** Counts body bytes: those that an answer announced, or those of a stream as they leave. */
  sent(route: string, bytes: number): void {
    add(this.#bytes, route, bytes);
  }

  /** Shows these counters of reads, which somebody else counts. */
  watch(reads: Readonly<ReadCounts>): void {
    this.#reads = reads;
  }

  /** Where content came from. */
  reads(): ReadCounts {
    return this.all().reads;
  }

  /** Its own counters, now. */
  counts(): TrafficCounts {
    return {
      answers: this.#answers,
      errors: this.#errors,
      bytes: this.#bytes,
      seconds: this.#seconds,
      minutes: this.#minutes,
      reads: { ...this.#reads },
    };
  }

  /** What other threads of the same edge, or other edges, have counted: shown with its own from now on. */
  showWith(elsewhere: readonly TrafficCounts[]): void {
    this.#elsewhere = elsewhere;
  }

  /** The last 60 minutes, the one that is running last. */
  lastHour(): Minute[] {
    const { minutes } = this.all();
    const now = Math.floor(this.#clock.now() / 60_000);
    return Array.from({ length: MINUTES }, (_, i) => {
      return minutes.get(now - MINUTES + 1 + i) ?? { answers: 0, errors: 0 };
    });
  }

  /** Totals by kind of route, in the order in which they were first asked for. */
  totals(): RouteTotals[] {
    const { seconds, errors, bytes } = this.all();
    return [...seconds].map(([route, { buckets }]) => ({
      route,
      answers: buckets.reduce((sum, count) => sum + count, 0),
      errors: errors.get(route) ?? 0,
      bytes: bytes.get(route) ?? 0,
    }));
  }

  /** The counters in the text format of Prometheus. */
  *lines(): Generator<string> {
    const { answers, bytes: sent, seconds } = this.all();
    yield "# HELP breccia_answers_total Answers by kind of route and HTTP status.";
    yield "# TYPE breccia_answers_total counter";
    for (const [labels, count] of answers) yield `breccia_answers_total{${labels}} ${count}`;
    yield "# HELP breccia_sent_bytes_total Body bytes sent.";
    yield "# TYPE breccia_sent_bytes_total counter";
    for (const [route, bytes] of sent) {
      yield `breccia_sent_bytes_total{route="${route}"} ${bytes}`;
    }
    yield "# HELP breccia_answer_seconds From the request to the head of its answer.";
    yield "# TYPE breccia_answer_seconds histogram";
    for (const [route, { sum, buckets }] of seconds) {
      let count = 0;
      for (const [number, found] of buckets.entries()) {
        count += found;
        const bound = BUCKETS[number] ?? "+Inf";
        yield `breccia_answer_seconds_bucket{route="${route}",le="${bound}"} ${count}`;
      }
      yield `breccia_answer_seconds_sum{route="${route}"} ${sum}`;
      yield `breccia_answer_seconds_count{route="${route}"} ${count}`;
    }
  }

  /** Its own counters and those that are shown with them. */
  all(): TrafficCounts {
    if (this.#elsewhere.length === 0) return this.counts();
    const answers = new Map<string, number>();
    const errors = new Map<string, number>();
    const bytes = new Map<string, number>();
    const seconds = new Map<string, Times>();
    const minutes = new Map<number, Minute>();
    const reads = { memory: 0, store: 0, upstream: 0 };
    for (const counts of [this.counts(), ...this.#elsewhere]) {
      for (const [labels, count] of counts.answers) add(answers, labels, count);
      for (const [route, count] of counts.errors) add(errors, route, count);
      for (const [route, count] of counts.bytes) add(bytes, route, count);
      reads.memory += counts.reads.memory;
      reads.store += counts.reads.store;
      reads.upstream += counts.reads.upstream;
      for (const [at, minute] of counts.minutes) {
        const sum = minuteOf(minutes, at);
        sum.answers += minute.answers;
        sum.errors += minute.errors;
      }
      for (const [route, { sum, buckets }] of counts.seconds) {
        const times = timesOf(seconds, route);
        times.sum += sum;
        for (const [number, count] of buckets.entries()) times.buckets[number]! += count;
      }
    }
    return { answers, errors, bytes, seconds, minutes, reads };
  }
}

function minuteOf(minutes: Map<number, Minute>, at: number): Minute {
  let minute = minutes.get(at);
  if (minute === undefined) {
    minute = { answers: 0, errors: 0 };
    minutes.set(at, minute);
  }
  return minute;
}

function timesOf(seconds: Map<string, Times>, route: string): Times {
  let times = seconds.get(route);
  if (times === undefined) {
    times = { sum: 0, buckets: BUCKETS.map(() => 0).concat(0) };
    seconds.set(route, times);
  }
  return times;
}

function add(counters: Map<string, number>, name: string, amount: number): void {
  counters.set(name, (counters.get(name) ?? 0) + amount);
}
