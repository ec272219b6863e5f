/** One `--flag` of a command, in the form that `node:util` parses, with what `--help` says of it. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** True when it may be given several times; its environment variable separates values by commas. */
  readonly multiple?: boolean;
  readonly default?: string;
  /** Stands for the value in `--help`: `DIR`. Strings only. */
  readonly value?: string;
  /** What it does, one clause without a full stop. */
  readonly help: string;
}

/** Flags by name, in the order in which `--help` lists them. */
export type FlagTable = Readonly<Record<string, Flag>>;
