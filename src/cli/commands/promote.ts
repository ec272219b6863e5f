import { promoteRelease } from "../../publish/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { openRepository } from "../open_repository.ts";

/** `breccia promote VERSION`: offers a release on one more channel. */
export const command: Command = {
  name: "promote",
  summary: "Offer a release on one more channel",
  usage: "VERSION --to CHANNEL --repo DIR [--platform NAME]",
  description: "Takes effect with `breccia publish`.",
  example: "breccia promote 1.2.0 --to stable --repo ./repo",
  operands: [1, 1],
  flags: {
    repo: { type: "string", value: "DIR", help: "The repository" },
    to: { type: "string", value: "CHANNEL", help: "The channel" },
    platform: { type: "string", value: "NAME", help: "This platform only" },
    team: { type: "string", value: "NAME", help: "Team that licenses it" },
  },
  run: promote,
};

async function promote({ args, flags, path, output }: CommandContext): Promise<void> {
  const store = await openRepository(path(flags.required("repo")));
  const releases = await promoteRelease(store, {
    version: args[0] as string,
    to: flags.required("to"),
    platform: flags.text("platform"),
    team: flags.text("team"),
  });
  output.document({ releases });
  for (const info of releases) {
    output.print(`${info.version} for ${info.platform} is on ${info.channels.join(", ")}.`);
  }
  output.print("Run `breccia publish` to sign it and make it visible.");
}
