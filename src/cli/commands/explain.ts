import { writeFile } from "node:fs/promises";
import { drawSvg, drawText } from "../../delta/mod.ts";
import { explainUpdate } from "../../publish/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { fileError } from "../file_error.ts";
import { openRepository } from "../open_repository.ts";
import { findIndex } from "../published_index.ts";

/** Rows for people; `--json` and `--svg` show all. */
const ROWS = 20;

/** `breccia explain A B --repo DIR`: why each byte of an update travels. */
export const command: Command = {
  name: "explain",
  summary: "Draw where the bytes of an update go",
  usage: "A B --repo DIR [--platform NAME] [--svg FILE]",
  description:
    "Shows what each file of B costs a device that has A: in the delta between them, or in " +
    "chunks where there is none.",
  example: "breccia explain 1.1.0 1.2.0 --repo ./repo --svg update.svg",
  operands: [2, 2],
  flags: {
    repo: { type: "string", value: "DIR", help: "The repository" },
    platform: { type: "string", value: "NAME", default: "any", help: "Platform of both" },
    svg: { type: "string", value: "FILE", help: "Write the whole drawing as SVG" },
  },
  run: explain,
};

async function explain({ args, flags, path, output }: CommandContext): Promise<void> {
  const store = await openRepository(path(flags.required("repo")));
  const platform = flags.text("platform") ?? "any";
  const [from, to] = args as [string, string];
  const costs = await explainUpdate(
    store,
    await findIndex(store, from, platform),
    await findIndex(store, to, platform),
  );
  const title = `${from} to ${to}: ${costs.bytes} bytes by ${costs.way}`;
  const svg = flags.text("svg");
  if (svg !== undefined) {
    await writeFile(path(svg), drawSvg(costs.parts, title)).catch((cause) => {
      throw fileError("write", path(svg), cause);
    });
  }
  output.document({ from, to, platform, ...costs });
  output.print(title);
  const shown = costs.parts.slice(0, ROWS).map((part) => ({ ...part, name: shortened(part.name) }));
  output.print(drawText(shown, 36));
  const rest = costs.parts.slice(ROWS);
  if (rest.length > 0) {
    const total = Math.round(rest.reduce((sum, part) => sum + part.total, 0));
    output.print(`and ${rest.length} more parts, ${total} bytes together`);
  }
}

/** The end of a long path says more than its beginning. */
function shortened(name: string): string {
  return name.length <= 30 ? name : `…${name.slice(-29)}`;
}
