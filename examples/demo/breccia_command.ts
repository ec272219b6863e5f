const PROGRAM = new URL("../../src/cli/main.ts", import.meta.url).href;

/** How a command of `breccia` ended. */
export interface CommandResult {
  readonly code: number;
  /** What it printed on stdout with `--json`, one document a line. */
  readonly documents: readonly Record<string, unknown>[];
  readonly stderr: string;
  readonly seconds: number;
}

function command(args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", PROGRAM, ...args, "--json"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs `breccia ARGS --json` to its end. */
export async function breccia(...args: readonly string[]): Promise<CommandResult> {
  const started = performance.now();
  const { code, stdout, stderr } = await command(args).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n").filter((line) => line !== "");
  return {
    code,
    documents: lines.map((line) => JSON.parse(line)),
    stderr: new TextDecoder().decode(stderr).trim(),
    seconds: (performance.now() - started) / 1000,
  };
}

/** A `breccia edge` that runs until it is stopped. */
export interface RunningEdge {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts `breccia edge ARGS --json` and waits until it is ready: its first mirror pass is done. */
export async function startEdge(...args: readonly string[]): Promise<RunningEdge> {
  const edge = await startListening(...args);
  for (let attempt = 0; attempt < 400; attempt++) {
    const answer = await fetch(new URL("/readyz", edge.url));
    await answer.body?.cancel();
    if (answer.ok) return edge;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await edge.stop();
  throw new Error("the edge was not ready within 20 s");
}

/** Starts the edge and waits until it says where it listens. */
async function startListening(...args: readonly string[]): Promise<RunningEdge> {
  const child = command(["edge", ...args]).spawn();
  const stderr = child.stderr.pipeThrough(new TextDecoderStream());
  const log: string[] = [];
  const drained = (async () => {
    for await (const text of stderr) log.push(text);
  })();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const url = /"url"\s*:\s*"(http[^"]+)"/.exec(text)?.[1];
    if (url !== undefined) {
      const rest = (async () => {
        while (!(await lines.read()).done);
      })();
      return {
        url,
        pid: child.pid,
        stop: async () => {
          child.kill("SIGTERM");
          await Promise.all([child.status, drained, rest]);
        },
      };
    }
    const part = await lines.read();
    if (part.done) {
      await drained;
      throw new Error(`the edge did not start: ${log.join("").trim()}`);
    }
    text += part.value;
  }
}
