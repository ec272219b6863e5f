import type { BenchRow } from "./report.ts";

/** Bytes that an isolate holds, by who allocated them. */
interface HeapUsage {
  readonly usedSize: number;
  readonly embedderHeapUsedSize?: number;
  /** Of array buffers, WebAssembly memory among them. */
  readonly backingStorageSize?: number;
}

const ASK_MILLISECONDS = 10;

/** The inspector of a Worker's isolate in workerd. */
export class WorkerdIsolate {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, result } = JSON.parse(data);
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    };
  }

  /** Connects to the isolate that runs the Worker, by the address of workerd's inspector. */
  static async open(inspector: URL): Promise<WorkerdIsolate> {
    const url = new URL("/core:user:", inspector);
    url.protocol = "ws:";
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return new WorkerdIsolate(socket);
  }

  /** Bytes that it holds now: objects, buffers and WebAssembly memory, garbage that is not collected among them. */
  async bytes(): Promise<number> {
    const usage = await this.#call("Runtime.getHeapUsage") as HeapUsage;
    return usage.usedSize + (usage.embedderHeapUsedSize ?? 0) + (usage.backingStorageSize ?? 0);
  }

  /** The most that it holds while `work` goes on, in MB. */
  async peak(what: string, work: () => Promise<unknown>): Promise<BenchRow> {
    let peak = 0;
    let working = true;
    const watching = (async () => {
      while (working) {
        peak = Math.max(peak, await this.bytes());
        await new Promise((resolve) => setTimeout(resolve, ASK_MILLISECONDS));
      }
    })();
    try {
      await work();
    } finally {
      working = false;
    }
    await watching;
    return { measure: what, value: peak / 1e6, unit: "MB", target: "≤ 128" };
  }

  /** Ends the connection. */
  close(): void {
    this.#socket.close();
  }

  #call(method: string): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#waiting.set(++this.#asked, resolve);
    this.#socket.send(JSON.stringify({ id: this.#asked, method }));
    return promise;
  }
}
