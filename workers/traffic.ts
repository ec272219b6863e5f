/** Upper bounds of the latency buckets, in seconds; the last one is without bound. */
const BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10] as const;

/** What was answered on one kind of route. */
export interface RouteTotals {
  readonly route: string;
  readonly answers: number;
  /** Answers with a status of 500 and up. */
  readonly errors: number;
  readonly bytes: number;
}

/** What an edge counts of the answers it gives, by kind of route. */
export class Traffic {
  readonly #answers = new Map<string, number>();
  readonly #errors = new Map<string, number>();
  readonly #bytes = new Map<string, number>();
  readonly #seconds = new Map<string, { sum: number; buckets: number[] }>();

  /**
   * Counts one answer.
   *
   * @param route Kind of route, of a small set: `"packs"`. Never a path, which clients choose.
   * @param seconds From the request to the headers of the answer.
   */
  count(route: string, status: number, seconds: number): void {
    add(this.#answers, `route="${route}",status="${status}"`, 1);
    if (status >= 500) add(this.#errors, route, 1);
    const times = this.#seconds.get(route) ?? { sum: 0, buckets: BUCKETS.map(() => 0).concat(0) };
    times.sum += seconds;
    const at = BUCKETS.findIndex((bound) => seconds <= bound);
    times.buckets[at === -1 ? BUCKETS.length : at]!++;
    this.#seconds.set(route, times);
  }

  /** Counts body bytes: those that an answer announced, or those of a stream as they leave. */
  sent(route: string, bytes: number): void {
    add(this.#bytes, route, bytes);
  }

  /** Totals by kind of route, in the order in which they were first asked for. */
  totals(): RouteTotals[] {
    return [...this.#seconds].map(([route, { buckets }]) => ({
      route,
      answers: buckets.reduce((sum, count) => sum + count, 0),
      errors: this.#errors.get(route) ?? 0,
      bytes: this.#bytes.get(route) ?? 0,
    }));
  }

  /** The counters in the text format of Prometheus. */
  *lines(): Generator<string> {
    yield "# TYPE breccia_answers_total counter";
    for (const [labels, count] of this.#answers) yield `breccia_answers_total{${labels}} ${count}`;
    yield "# TYPE breccia_sent_bytes_total counter";
    for (const [route, bytes] of this.#bytes) {
      yield `breccia_sent_bytes_total{route="${route}"} ${bytes}`;
    }
    yield "# TYPE breccia_answer_seconds histogram";
    for (const [route, { sum, buckets }] of this.#seconds) {
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
}

function add(counters: Map<string, number>, name: string, amount: number): void {
  counters.set(name, (counters.get(name) ?? 0) + amount);
}
