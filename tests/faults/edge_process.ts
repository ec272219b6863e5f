const PROGRAM = new URL("../../src/cli/main.ts", import.meta.url).pathname;

/** What a running edge said on stderr. */
export interface LogRecord {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A real `breccia edge` on the loopback. */
export class EdgeProcess implements AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<LogRecord>;

  private constructor(child: Deno.ChildProcess, url: string, lines: AsyncIterator<LogRecord>) {
    this.#child = child;
    this.pid = child.pid;
    this.url = url;
    this.#lines = lines;
  }

  /**
   * Starts it, and waits until it takes requests.
   *
   * @param openFiles How many files and sockets it may have open.
   */
  static async start(flags: readonly string[], openFiles?: number): Promise<EdgeProcess> {
    const deno = [
      Deno.execPath(),
      ...["run", "--allow-all", "--no-check", "--quiet", PROGRAM, "edge"],
      ...["--listen", "127.0.0.1:0", "--interval", "1", ...flags],
    ];
    const limit = openFiles === undefined ? "" : `ulimit -n ${openFiles} && `;
    const child = new Deno.Command("bash", {
      args: ["-c", `${limit}exec "$@"`, "bash", ...deno],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const lines = recordsOf(child.stderr);
    const edge = new EdgeProcess(child, "", lines);
    const { url } = await edge.logged("listening");
    return new EdgeProcess(child, url as string, lines);
  }

  /** The next record of this event. */
  async logged(event: string): Promise<LogRecord> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`the edge ended before it logged "${event}"`);
      if (value.event === event) return value;
    }
  }

  /** True when the process has ended by itself, or does so within a second. */
  async hasEnded(): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<boolean>((resolve) => timer = setTimeout(resolve, 1000, false));
    const ended = await Promise.race([this.#child.status.then(() => true), late]);
    clearTimeout(timer);
    return ended;
  }

  /** Memory that is its own, in MiB. */
  async residentMiB(): Promise<number> {
    const status = await Deno.readTextFile(`/proc/${this.pid}/status`);
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
    await this.#lines.return?.();
  }
}

async function* recordsOf(stderr: ReadableStream<Uint8Array>): AsyncGenerator<LogRecord> {
  for await (const line of textLines(stderr)) {
    if (line.startsWith("{")) yield JSON.parse(line);
  }
}

/** The lines of a text as it comes. */
async function* textLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() as string;
    yield* lines;
  }
}
