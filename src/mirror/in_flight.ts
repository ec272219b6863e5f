/** Joins identical work: whoever asks while it is under way shares its outcome. */
export class InFlight<T> {
  readonly #running = new Map<string, Promise<T>>();

  /** Starts `work` unless the same `key` is under way. A failure is shared, too, and not remembered. */
  join(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = work().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }
}
