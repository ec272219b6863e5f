import { systemClock } from "../../ports/mod.ts";
import { refreshRepository } from "../../publish/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { keyDirectoryOf } from "../key_directory.ts";
import { openRepository } from "../open_repository.ts";

/** `breccia refresh --repo DIR`: signs anew what would expire. */
export const command: Command = {
  name: "refresh",
  summary: "Sign anew, without changes, what would expire soon",
  usage: "--repo DIR [--keys DIR]",
  description:
    "For a schedule: whatever has less than half of its life left is signed anew; what is " +
    "staged stays staged. Safe while others publish. Exits 1 when a role needs keys that are not " +
    "here; the root is only reported.",
  example: "breccia refresh --repo /srv/repo --quiet",
  operands: [0, 0],
  flags: {
    repo: { type: "string", value: "DIR", help: "The repository" },
    keys: { type: "string", value: "DIR", help: "The private keys (default: --repo + .keys)" },
  },
  run: refresh,
};

async function refresh(context: CommandContext): Promise<void | 1> {
  const { flags, path, output, signal } = context;
  const repository = path(flags.required("repo"));
  const store = await openRepository(repository);
  const keys = keyDirectoryOf(context, repository);
  const publication = await refreshRepository(store, { keys, clock: systemClock, signal });
  const { signed, pending } = publication;
  output.document(publication);
  output.print(signed.length === 0 ? "Nothing was due." : `Signed ${signed.join(", ")}.`);
  if (pending.length === 0) return;
  output.print(`Due, but its keys are not here: ${pending.join(", ")}.`);
  return 1;
}
