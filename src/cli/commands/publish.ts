import { systemClock } from "../../ports/mod.ts";
import { publishRepository, uploadRepository } from "../../publish/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { keyDirectoryOf } from "../key_directory.ts";
import { openRepository } from "../open_repository.ts";
import { openStore } from "../../../workers/process/open_store.ts";

/** `breccia publish --repo DIR`: signs what changed and makes it visible. */
export const command: Command = {
  name: "publish",
  summary: "Sign what changed and make it visible, timestamp last",
  usage: "--repo DIR [--to STORE] [--keys DIR]",
  description:
    "Clients see the old state or the new one, never a mix. After a crash, run it again: " +
    "it goes on where it stopped. With --to, the repository is then copied to another store.",
  example: "breccia publish --repo ./repo --to fs:/srv/www/updates",
  operands: [0, 0],
  flags: {
    repo: { type: "string", value: "DIR", help: "The repository" },
    to: { type: "string", value: "STORE", help: "Upload there too: fs:DIR, s3://BUCKET/…" },
    keys: { type: "string", value: "DIR", help: "The private keys (default: --repo + .keys)" },
  },
  run: publish,
};

async function publish(context: CommandContext): Promise<void> {
  const { flags, path, cwd, output, signal } = context;
  const repository = path(flags.required("repo"));
  const store = await openRepository(repository);
  const keys = keyDirectoryOf(context, repository);
  const to = flags.text("to");
  // Whether there is such a place is known before anything is signed.
  const target = to === undefined ? undefined : await openStore(to, cwd);
  const publication = await publishRepository(store, { keys, clock: systemClock, signal });
  const upload = target === undefined
    ? undefined
    : await uploadRepository(store, target, { signal });

  output.document({ ...publication, ...(upload === undefined ? {} : { upload }) });
  output.print(
    publication.signed.length === 0
      ? "Nothing new to sign; what is published stays."
      : `Signed ${publication.signed.join(", ")}; the timestamp is at version ` +
        `${publication.timestampVersion}.`,
  );
  if (publication.pending.includes("root")) {
    output.print("The next root lacks signatures: collect them with `breccia sign root`.");
  }
  for (const team of publication.pending.filter((name) => name !== "root")) {
    output.print(
      `${team} waits for its keys, and nothing else does: bring them with --keys, or sign with ` +
        `\`breccia sign ${team} --key FILE --repo ${repository}\` and publish again.`,
    );
  }
  if (upload !== undefined) {
    output.print(`Uploaded ${upload.objects} objects, ${upload.bytes} bytes, to ${to}.`);
  }
}
