import { runProgram } from "../../src/cli/program.ts";

/** What a command line did. */
export interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, in an environment that holds `env` alone. */
export async function call(
  words: readonly string[],
  options?: { cwd?: string; env?: Record<string, string>; signal?: AbortSignal },
): Promise<Called> {
  let stdout = "";
  let stderr = "";
  const code = await runProgram({
    words,
    env: (name) => options?.env?.[name],
    cwd: options?.cwd ?? Deno.cwd(),
    stdout: (text) => stdout += text,
    stderr: (text) => stderr += text,
    terminal: false,
    signal: options?.signal ?? new AbortController().signal,
    version: "0.0.0",
  });
  return { code, stdout, stderr };
}
