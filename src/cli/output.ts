import { plainJson, plainLine, plainText } from "../bytes/mod.ts";

/**
 * Where a command's words go: results to stdout, everything else to stderr. Names and messages in
 * them may be from outside: what can't be seen, or would steer the terminal, is shown as its number.
 */
export class Output {
  /** True under `--json`: stdout carries JSON documents only. */
  readonly json: boolean;
  /** True under `--quiet`. */
  readonly quiet: boolean;
  /** True when stderr is a terminal, so that a line may be drawn over. */
  readonly terminal: boolean;
  readonly #stdout: (text: string) => void;
  readonly #stderr: (text: string) => void;

  /** Writes through the two given functions, which take text as it is. */
  constructor(options: {
    stdout: (text: string) => void;
    stderr: (text: string) => void;
    json: boolean;
    quiet: boolean;
    terminal: boolean;
  }) {
    this.json = options.json;
    this.quiet = options.quiet;
    this.terminal = options.terminal;
    this.#stdout = options.stdout;
    this.#stderr = options.stderr;
  }

  /** A line of the result for people; silent under `--json` and `--quiet`. */
  print(line: string): void {
    if (!this.json && !this.quiet) this.#stdout(`${plainText(line)}\n`);
  }

  /** The result for programs: one line of JSON; silent unless `--json`. */
  document(value: unknown): void {
    if (this.json) this.#stdout(`${plainJson(value)}\n`);
  }

  /** A line on what is going on; silent under `--quiet`. */
  log(line: string): void {
    if (!this.quiet) this.#stderr(`${plainText(line)}\n`);
  }

  /** Redraws the last line of a terminal; does nothing elsewhere. */
  progress(line: string): void {
    if (this.terminal && !this.quiet) this.#stderr(`\r\x1b[2K${plainLine(line)}`);
  }
}

/** A table for people: columns padded to their widest cell, numbers to the right. */
export function formatTable(rows: readonly (readonly (string | number)[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, formatCell(cell).length);
    });
  }
  return rows.map((row) =>
    row.map((cell, column) => {
      const text = formatCell(cell);
      const width = widths[column] ?? 0;
      return typeof cell === "number" ? text.padStart(width) : text.padEnd(width);
    }).join("  ").trimEnd()
  ).join("\n");
}

function formatCell(cell: string | number): string {
  return typeof cell === "number" ? cell.toLocaleString("en-US") : plainLine(cell);
}
