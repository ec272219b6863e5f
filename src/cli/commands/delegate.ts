import { readFile } from "node:fs/promises";
import { BrecciaError } from "../../errors.ts";
import { delegateToTeam, readPublicKeyFile } from "../../publish/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { fileError } from "../file_error.ts";
import { openRepository } from "../open_repository.ts";

/** `breccia delegate TEAM`: lets a team sign its own releases. */
export const command: Command = {
  name: "delegate",
  summary: "Let a team sign its own releases with its own keys",
  usage: "TEAM --paths PATTERN … --key FILE … --repo DIR [--threshold N]",
  description: "A team licenses only targets whose paths match its patterns, and nobody after it " +
    "licenses those; `*` does not cross a slash. Its private keys are needed when its releases are " +
    "published. Takes effect with `breccia publish`.",
  example: "breccia delegate editor --paths 'editor-*' --key editor.json --repo ./repo",
  operands: [1, 1],
  flags: {
    repo: { type: "string", value: "DIR", help: "The repository" },
    paths: { type: "string", value: "PATTERN", multiple: true, help: "Target paths of the team" },
    key: { type: "string", value: "FILE", multiple: true, help: "A public key, or a key file" },
    threshold: { type: "string", value: "N", default: "1", help: "How many keys must sign" },
  },
  run: delegate,
};

async function delegate({ args, flags, path, output }: CommandContext): Promise<void> {
  const name = args[0] as string;
  const paths = flags.texts("paths");
  const files = flags.texts("key");
  if (paths.length === 0 || files.length === 0) {
    throw new BrecciaError("usage", "Give the team's --paths and --key, each at least once");
  }
  const keys = await Promise.all(files.map(async (file) => {
    const bytes = await readFile(path(file)).catch((cause) => {
      throw fileError("read the key", path(file), cause);
    });
    return readPublicKeyFile(bytes, file);
  }));
  const threshold = flags.integer("threshold", 1, 16) ?? 1;
  const store = await openRepository(path(flags.required("repo")));
  await delegateToTeam(store, { name, paths, keys, threshold });
  output.document({ team: name, paths, keys: keys.length, threshold });
  output.print(
    `Drafted: ${threshold} of ${keys.length} keys of ${name} sign for ${paths.join(", ")}.`,
  );
  output.print(
    "Run `breccia publish` with the keys of targets and of the team, or `breccia sign` for either.",
  );
}
