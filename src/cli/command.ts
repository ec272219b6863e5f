import type { Flags } from "./flags.ts";
import type { Output } from "./output.ts";
import type { FlagTable } from "./flag_table.ts";

/**
 * One command of `breccia`, exported as `command` by its file in `src/cli/commands/` and listed in
 * `src/cli/commands.ts`.
 */
export interface Command {
  /** The word that is typed. */
  readonly name: string;
  /** One sentence for the list of commands, at most 60 characters, no full stop. */
  readonly summary: string;
  /** What follows the name: `VERSION PATH --repo DIR [--channel NAME]`. */
  readonly usage: string;
  /** Further lines of `--help`, when the summary does not say it all; wrapped where it is shown. */
  readonly description?: string;
  /** One command line that works, beginning with `breccia`; long ones continue after a backslash. */
  readonly example: string;
  /** Least and most operands (words that are no flags); more or fewer is wrong usage. */
  readonly operands: readonly [least: number, most: number];
  readonly flags: FlagTable;
  /**
   * Does the work. Resolves with nothing when it is done, or with 1 for a clean "no". Every other
   * outcome is a throw: a `BrecciaError` shows as its code and sentence, code `usage` exits 2.
   */
  run(context: CommandContext): Promise<void | 1>;
}

/** What a command is given to work with. */
export interface CommandContext {
  /** The operands, as many as the command declared. */
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly output: Output;
  /** Where the caller stands, absolute. */
  readonly cwd: string;
  /** The absolute form of a path that the caller typed. */
  path(typed: string): string;
  /** Aborted by SIGINT and SIGTERM, with the error to throw as its reason. */
  readonly signal: AbortSignal;
  /** An environment variable, or `undefined`. */
  env(name: string): string | undefined;
}
