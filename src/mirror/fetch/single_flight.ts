/** Lets one of several who want the same work done do it, while the others wait for how it ends. */
export interface SharedFlight {
  /** Does `work`, unless somebody is at `key`: then resolves, or fails, as that does. */
  join(key: string, work: () => Promise<void>): Promise<void>;
}

/** Joins identical work: whoever asks while it is under way shares its outcome. */
export class SingleFlight<T> {
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
