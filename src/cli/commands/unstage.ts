import { unstageRelease } from "../../publish/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { openRepository } from "../open_repository.ts";

/** `breccia unstage VERSION`: takes back what `add` staged. */
export const command: Command = {
  name: "unstage",
  summary: "Take back a release that is staged and not published",
  usage: "VERSION --repo DIR [--platform NAME] [--app NAME] [--team NAME]",
  description:
    "Its version is free again, and what was stored for it alone is removed. Everything else that is " +
    "staged stays. Don't run it during an `add`.",
  example: "breccia unstage 1.2.0 --repo ./repo",
  operands: [1, 1],
  flags: {
    repo: { type: "string", value: "DIR", help: "The repository" },
    platform: { type: "string", value: "NAME", help: "This platform only" },
    app: { type: "string", value: "NAME", help: "The app, when several have that version" },
    team: { type: "string", value: "NAME", help: "Team that licenses it" },
  },
  run: unstage,
};

async function unstage({ args, flags, path, output }: CommandContext): Promise<void> {
  const store = await openRepository(path(flags.required("repo")));
  const { releases, removed, sharedPacks } = await unstageRelease(store, {
    version: args[0] as string,
    platform: flags.text("platform"),
    app: flags.text("app"),
    team: flags.text("team"),
  });
  output.document({ releases, removed, sharedPacks });
  for (const { app, version, platform } of releases) {
    output.print(`Unstaged ${app} ${version} for ${platform}; the version is free again.`);
  }
  output.print(`Removed ${removed} objects that nothing else needs.`);
  if (sharedPacks.length === 0) return;
  output.print(
    `Other releases need ${sharedPacks.length} of its packs, which stay and may hold bytes of it:`,
  );
  for (const pack of sharedPacks) output.print(`  ${pack}`);
}
