import { withdrawRelease } from "../../publish/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { openRepository } from "../open_repository.ts";

/** `breccia withdraw VERSION`: takes a release from every channel. */
export const command: Command = {
  name: "withdraw",
  summary: "Take a release from every channel",
  usage: "VERSION --repo DIR [--platform NAME]",
  description:
    "Clients leave it for the newest that is offered, forward or back as their policy says. Takes effect with `breccia publish`.",
  example: "breccia withdraw 1.2.0 --repo ./repo",
  operands: [1, 1],
  flags: {
    repo: { type: "string", value: "DIR", help: "The repository" },
    platform: { type: "string", value: "NAME", help: "This platform only" },
    team: { type: "string", value: "NAME", help: "Team that licenses it" },
  },
  run: withdraw,
};

async function withdraw({ args, flags, path, output }: CommandContext): Promise<void> {
  const store = await openRepository(path(flags.required("repo")));
  const releases = await withdrawRelease(store, {
    version: args[0] as string,
    platform: flags.text("platform"),
    team: flags.text("team"),
  });
  output.document({ releases });
  for (const info of releases) {
    output.print(`${info.version} for ${info.platform} is offered nowhere.`);
  }
  output.print("Run `breccia publish` to sign it and make it visible.");
}
