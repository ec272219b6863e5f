import assert from "node:assert/strict";

const PROGRAM = new URL("../../src/cli/main.ts", import.meta.url).pathname;
const ON_DENO = [
  ...[Deno.execPath(), "run", "--allow-all", "--no-check", "--quiet"] as const,
  ...[PROGRAM, "edge"],
] as const;

/** A real `breccia edge` in a process of its own, and everything that it has said. */
export class RunningEdge implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<unknown>;
  #said = "";
  #changed = Promise.withResolvers<void>();
  #url: string | undefined;

  /**
   * Starts it with these flags and, beside the environment of this process, these variables.
   *
   * @param program What stands before the flags. Default: the sources, on Deno.
   */
  constructor(
    flags: readonly string[],
    env: Record<string, string> = {},
    [command, ...words]: readonly [string, ...string[]] = ON_DENO,
  ) {
    this.#child = new Deno.Command(command, {
      args: [...words, "--listen", "127.0.0.1:0", "--json", ...flags],
      env: { NO_COLOR: "1", ...env },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#read = Promise.all([
      this.#collect(this.#child.stdout),
      this.#collect(this.#child.stderr),
    ]);
  }

  /** Standard output and error so far, as they came. */
  get said(): string {
    return this.#said;
  }

  /** The records of its log so far, without the line of the address. */
  get records(): Record<string, unknown>[] {
    return this.#said.split("\n").filter((line) => line.startsWith('{"time"')).map((line) =>
      JSON.parse(line)
    );
  }

  /** Resolves with its address, which ends in a slash, once it takes requests. */
  async listening(): Promise<string> {
    this.#url ??= (await this.logged("listening"))["url"] as string;
    return this.#url;
  }

  /** The first record of this event for which `holds`, once it is there. */
  async logged(
    event: string,
    holds: (record: Record<string, unknown>) => boolean = () => true,
  ): Promise<Record<string, unknown>> {
    let ended = false;
    const end = this.#read.then(() => ended = true);
    for (;;) {
      const found = this.records.find((record) => record["event"] === event && holds(record));
      if (found !== undefined) return found;
      assert.ok(!ended, `it ended before "${event}":\n${this.#said}`);
      await Promise.race([this.#changed.promise, end]);
    }
  }

  /** Ends it as a supervisor does; resolves with its exit code when all was said. */
  async stop(): Promise<number> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    return await this.ended();
  }

  /** Resolves with its exit code when it has ended and all was said. */
  async ended(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#read;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#said += text;
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }
}
