import type { Command } from "./command.ts";
import type { FlagTable } from "./flag_table.ts";
import { GLOBAL_FLAGS, variableOf } from "./flags.ts";

/** Help fits terminals of this many columns. */
const COLUMNS = 80;

/** What `breccia NAME --help` prints. */
export function commandHelp(command: Command): string {
  const flags: FlagTable = { ...command.flags, ...GLOBAL_FLAGS };
  const mirrored = Object.keys(command.flags)[0] ?? "json";
  return [
    wrap(`Usage: breccia ${command.name} ${command.usage}`, "       "),
    `${wrap(command.summary)}.`,
    ...(command.description === undefined ? [] : [wrap(command.description)]),
    `Options:\n${flagLines(flags)}`,
    wrap(`Each option can be set by a variable of its name: ${variableOf(mirrored)}.`),
    `Example:\n${command.example.split("\n").map((line) => `  ${line}`).join("\n")}`,
  ].join("\n\n") + "\n";
}

/** What `breccia --help` prints. */
export function programHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "Usage: breccia COMMAND …",
    "Secure software updates: publish, mirror, install.",
    `Commands:\n${lines.join("\n")}`,
    "`breccia COMMAND --help` shows the options of one, with an example.",
    wrap("Exits 0 when done, 1 for a clean no, 2 on wrong usage, 3 and up on an error."),
  ].join("\n\n") + "\n";
}

function flagLines(flags: FlagTable): string {
  const heads = new Map(
    Object.entries(flags).map(([name, flag]): [string, string] => {
      const short = flag.short === undefined ? "" : `-${flag.short}, `;
      const value = flag.type === "string" ? ` ${flag.value ?? "TEXT"}` : "";
      return [name, `${short}--${name}${value}${flag.multiple ? " …" : ""}`];
    }),
  );
  const width = Math.max(...[...heads.values()].map((head) => head.length));
  return Object.entries(flags).map(([name, flag]) => {
    const fallback = flag.default === undefined ? "" : ` (default ${flag.default})`;
    const head = `  ${(heads.get(name) ?? "").padEnd(width)}  `;
    return head + wrap(flag.help + fallback, " ".repeat(head.length), head.length);
  }).join("\n");
}

/** Breaks at spaces; lines after the first begin with `indent`, the first stands `offset` columns in. */
function wrap(text: string, indent = "", offset = 0): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const start = lines.length === 0 ? offset : indent.length;
    if (line !== "" && start + line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(`\n${indent}`);
}
