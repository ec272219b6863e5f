import { resolve } from "node:path";
import { plainJson, plainLine, plainText } from "../bytes/mod.ts";
import { BrecciaError, exitCodeOf } from "../errors.ts";
import { withoutUrlSecrets } from "../transport/mod.ts";
import { COMMANDS } from "./commands.ts";
import type { Command } from "./command.ts";
import { parseFlags } from "./flags.ts";
import { commandHelp, programHelp } from "./help.ts";
import { Output } from "./output.ts";

/** The process around a command: the real one in `main.ts`, a made-up one in tests. */
export interface Surroundings {
  /** The words after the program's name. */
  readonly words: readonly string[];
  env(name: string): string | undefined;
  /** Where the caller stands, absolute. */
  readonly cwd: string;
  stdout(text: string): void;
  stderr(text: string): void;
  /** True when stderr is a terminal. */
  readonly terminal: boolean;
  readonly signal: AbortSignal;
  /** Version of the program. */
  readonly version: string;
}

/** Exit code for wrong usage. */
const WRONG_USAGE = 2;

/** Runs one command line; resolves with the exit code and never throws. */
export async function runProgram(surroundings: Surroundings): Promise<number> {
  try {
    return await dispatch(surroundings);
  } catch (error) {
    return report(error, surroundings);
  }
}

async function dispatch(surroundings: Surroundings): Promise<number> {
  const [name, ...words] = surroundings.words;
  if (name === "--version") {
    surroundings.stdout(`breccia ${surroundings.version}\n`);
    return 0;
  }
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    const commands = await Promise.all([...COMMANDS.values()].map((load) => load()));
    const help = programHelp(commands.map(({ command }) => command));
    (name === undefined ? surroundings.stderr : surroundings.stdout)(help);
    return name === undefined ? WRONG_USAGE : 0;
  }
  const load = COMMANDS.get(name);
  if (load === undefined) {
    throw new BrecciaError("usage", `There is no command "${name}"; see breccia --help`);
  }
  return await runCommand((await load()).command, words, surroundings);
}

async function runCommand(
  command: Command,
  words: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const { flags, operands } = parseFlags(command.flags, words, surroundings.env);
  if (flags.has("help")) {
    surroundings.stdout(commandHelp(command));
    return 0;
  }
  const [least, most] = command.operands;
  if (operands.length < least || operands.length > most) {
    throw new BrecciaError("usage", `Type it as: breccia ${command.name} ${command.usage}`);
  }
  const answer = await command.run({
    args: operands,
    flags,
    cwd: surroundings.cwd,
    path: (typed) => resolve(surroundings.cwd, typed),
    signal: surroundings.signal,
    env: surroundings.env,
    output: new Output({
      stdout: surroundings.stdout,
      stderr: surroundings.stderr,
      json: flags.has("json"),
      quiet: flags.has("quiet"),
      terminal: surroundings.terminal,
    }),
  });
  return answer ?? 0;
}

/** Shows an error as `error[CODE]: sentence`; stacks only where `BRECCIA_DEBUG` asks for them. */
function report(error: unknown, surroundings: Surroundings): number {
  const known = refusedPermission(error) ??
    (error instanceof BrecciaError ? error : new BrecciaError(
      "internal",
      `Stopped by a defect of Breccia (${
        error instanceof Error ? error.message : String(error)
      }); ` +
        "please report it with the output of the same command under BRECCIA_DEBUG=1",
      { cause: error },
    ));
  const message = withoutUrlSecrets(known.message);
  surroundings.stderr(`error[${known.code}]: ${plainLine(message)}\n`);
  if (surroundings.words.includes("--json")) {
    const document = { error: { code: known.code, message } };
    surroundings.stdout(`${plainJson(document)}\n`);
  }
  if (surroundings.env("BRECCIA_DEBUG") === "1") {
    surroundings.stderr(`${plainText(withoutUrlSecrets(stackOf(known)))}\n`);
  }
  return known.code === "usage" ? WRONG_USAGE : exitCodeOf(known.code);
}

/** What Deno refused, wherever it came up: it is neither a defect nor the disk's. */
function refusedPermission(error: unknown): BrecciaError | undefined {
  let at = error;
  while (at instanceof Error && at.name !== "NotCapable") at = at.cause;
  if (!(at instanceof Error)) return undefined;
  const [what] = at.message.split(", run again");
  return new BrecciaError(
    "storage-denied",
    `Cannot go on with the permissions of this process: ${what}; if that is meant, set ` +
      "BRECCIA_PERMISSIONS=--allow-all (docs/permissions.md)",
    { cause: error },
  );
}

function stackOf(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\ncaused by: ${stackOf(error.cause)}` : stack;
}
