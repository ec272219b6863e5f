import { rollOutRelease } from "../../publish/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import type { Flags } from "../flags.ts";
import { openRepository } from "../open_repository.ts";

/** `breccia rollout VERSION`: offers a release to a share of all devices. */
export const command: Command = {
  name: "rollout",
  summary: "Offer a release to a share of all devices",
  usage: "VERSION --percent N --repo DIR [--platform NAME]",
  description:
    "Which devices is decided by an identity that stays with each of them, so a growing share only adds some. Takes effect with `breccia publish`.",
  example: "breccia rollout 1.2.0 --percent 10 --repo ./repo",
  operands: [1, 1],
  flags: {
    repo: { type: "string", value: "DIR", help: "The repository" },
    percent: { type: "string", value: "N", help: "Share of devices, 1 to 100" },
    platform: { type: "string", value: "NAME", help: "This platform only" },
    team: { type: "string", value: "NAME", help: "Team that licenses it" },
  },
  run: rollout,
};

async function rollout({ args, flags, path, output }: CommandContext): Promise<void> {
  const store = await openRepository(path(flags.required("repo")));
  const releases = await rollOutRelease(store, {
    version: args[0] as string,
    percent: shareOf(flags),
    platform: flags.text("platform"),
    team: flags.text("team"),
  });
  output.document({ releases });
  for (const info of releases) {
    output.print(
      `${info.version} for ${info.platform} goes to ${info.rollout ?? 100} % of devices.`,
    );
  }
  output.print("Run `breccia publish` to sign it and make it visible.");
}

function shareOf(flags: Flags): number {
  flags.required("percent");
  return flags.integer("percent", 1, 100) as number;
}
