import { diffReleases } from "../../publish/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { openRepository } from "../open_repository.ts";
import { findIndex } from "../published_index.ts";

/** `breccia diff A B --repo DIR`: what changes between two versions, and what it costs. */
export const command: Command = {
  name: "diff",
  summary: "Show files and bytes to fetch between two versions",
  usage: "A B --repo DIR [--platform NAME]",
  example: "breccia diff 1.1.0 1.2.0 --repo ./repo",
  operands: [2, 2],
  flags: {
    repo: { type: "string", value: "DIR", help: "The repository" },
    platform: { type: "string", value: "NAME", default: "any", help: "Platform of both" },
  },
  run: diff,
};

async function diff({ args, flags, path, output }: CommandContext): Promise<void> {
  const store = await openRepository(path(flags.required("repo")));
  const platform = flags.text("platform") ?? "any";
  const [from, to] = args as [string, string];
  const difference = diffReleases(
    await findIndex(store, from, platform),
    await findIndex(store, to, platform),
  );
  output.document({ from, to, platform, ...difference });
  for (const name of difference.removed) output.print(`- ${name}`);
  for (const name of difference.changed) output.print(`~ ${name}`);
  for (const name of difference.added) output.print(`+ ${name}`);
  const { fetch, fullStoredBytes } = difference;
  output.print(
    `${difference.added.length} added, ${difference.changed.length} changed, ` +
      `${difference.removed.length} removed, ${difference.unchanged} as they were.`,
  );
  output.print(
    `With ${from} installed: ${fetch.chunks} chunks, ${fetch.storedBytes} bytes to fetch; ` +
      `with nothing: ${fullStoredBytes} bytes.`,
  );
}
