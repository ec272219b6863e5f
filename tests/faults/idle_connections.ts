/** Opened at once; a listener queues a bounded number. */
const BATCH = 100;

/** Connections to a server on which nothing is said. */
export class IdleConnections implements Disposable {
  readonly #connections: readonly Deno.TcpConn[];

  private constructor(connections: readonly Deno.TcpConn[]) {
    this.#connections = connections;
  }

  /** Tries `count` times; those that the server resets are not among them. */
  static async open(url: string, count: number): Promise<IdleConnections> {
    const { hostname, port } = new URL(url);
    const connections: Deno.TcpConn[] = [];
    for (let tried = 0; tried < count; tried += BATCH) {
      const batch = Math.min(BATCH, count - tried);
      const opening = Array.from(
        { length: batch },
        () => Deno.connect({ hostname, port: Number(port) }),
      );
      for (const outcome of await Promise.allSettled(opening)) {
        if (outcome.status === "fulfilled") connections.push(outcome.value);
      }
    }
    return new IdleConnections(connections);
  }

  /** How many are open. */
  get count(): number {
    return this.#connections.length;
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close();
  }
}
