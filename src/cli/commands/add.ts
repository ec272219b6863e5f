import { readFile } from "node:fs/promises";
import { hasUnseen } from "../../bytes/mod.ts";
import { addRelease, type DeltaOutcome } from "../../publish/mod.ts";
import { checkBuildPath } from "../build_path.ts";
import { ChunkEncoders } from "../chunk_encoders.ts";
import { encodeInWorker } from "../delta_encoder.ts";
import type { Command, CommandContext } from "../command.ts";
import { fileError } from "../file_error.ts";
import { openTree } from "../file_tree.ts";
import { keyDirectoryOf } from "../key_directory.ts";
import { openRepository } from "../open_repository.ts";
import { findUncarried, uncarriedLine } from "../uncarried.ts";

/** `breccia add VERSION PATH --repo DIR`: stages a release. */
export const command: Command = {
  name: "add",
  summary: "Make a directory or a file into the next release",
  usage: "VERSION PATH --repo DIR [--channel NAME] [--platform NAME] [--notes FILE]",
  description:
    "The release waits for `breccia publish`; nobody sees it before. A version that is " +
    "there already, or lower than the newest of its channel and platform, is refused. So is a build " +
    "that holds the repository or a private key that signs for one; files that look like other secrets " +
    "(keys in PEM, .env, …) are named, unless --allow says that they are meant.",
  example: "breccia add 1.2.0 dist/ --repo ./repo --notes NOTES.md",
  operands: [2, 2],
  flags: {
    repo: { type: "string", value: "DIR", help: "The repository" },
    channel: { type: "string", value: "NAME", default: "stable", help: "Channel that offers it" },
    platform: { type: "string", value: "NAME", default: "any", help: "Platform it runs on" },
    app: { type: "string", value: "NAME", help: "The app, when it is not the repository's" },
    team: { type: "string", value: "NAME", help: "Team that licenses it" },
    notes: { type: "string", value: "FILE", help: "Notes for people, in Markdown" },
    deltas: {
      type: "string",
      value: "N",
      default: "3",
      help: "Deltas from the last N releases of the channel",
    },
    "delta-memory": {
      type: "string",
      value: "MB",
      help: "Memory for a delta (default 4096); pairs over it get none",
    },
    "small-deltas": {
      type: "boolean",
      help: "Make deltas a fifth smaller; clients take longer to decode them",
    },
    required: { type: "boolean", help: "Clients must not skip this version" },
    allow: {
      type: "string",
      value: "PATTERN",
      multiple: true,
      help: "Files of the build that look like secrets and are none",
    },
    "without-setuid": {
      type: "boolean",
      help: "Release set-user-id and set-group-id files without those bits",
    },
    keys: { type: "string", value: "DIR", help: "The private keys (default: --repo + .keys)" },
  },
  run: add,
};

async function add(context: CommandContext): Promise<void> {
  const { args, flags, path, output, signal } = context;
  const [version, build] = args as [string, string];
  const repository = path(flags.required("repo"));
  const notes = flags.text("notes");
  const store = await openRepository(repository);
  const kept = new Map([
    [repository, "the repository"],
    [keyDirectoryOf(context, repository).path, "the private keys in"],
  ]);
  await checkBuildPath(path(build), kept);
  const withoutSetuid = flags.has("without-setuid");
  const uncarried = await findUncarried(path(build), { withoutSetuid, signal });
  const tree = await openTree(path(build));
  const encoders = new ChunkEncoders();
  try {
    const release = {
      version,
      tree,
      app: flags.text("app"),
      team: flags.text("team"),
      channel: flags.text("channel"),
      platform: flags.text("platform"),
      notes: notes === undefined ? undefined : await readNotes(path(notes)),
      required: flags.has("required"),
    };
    const { info, index, ...cost } = await addRelease(store, release, {
      encode: encoders.encode,
      deltas: {
        count: flags.integer("deltas", 0, 64) as number,
        memoryBytes: (flags.integer("delta-memory", 16, 1_000_000) ?? 4096) * 2 ** 20,
        small: flags.has("small-deltas"),
        encode: encodeInWorker,
        onDelta: (outcome) => output.log(deltaLine(outcome)),
      },
      allow: flags.texts("allow"),
      signal,
    });
    for (const { path, what } of cost.secrets) output.log(secretLine(path, what));
    for (const each of uncarried) output.log(uncarriedLine(each));
    for (const line of unseenLines(index.entries)) output.log(line);
    output.document({
      ...info,
      entries: index.entries.length,
      chunks: index.chunks.count,
      streamBytes: index.streamBytes,
      deltas: index.deltas.map(({ baseVersion, bytes }) => ({ from: baseVersion, bytes })),
      ...cost,
      uncarried,
    });
    output.print(
      `Staged ${info.app} ${version} for ${info.platform}: ${index.entries.length} entries, ` +
        `${index.streamBytes} bytes in ${index.chunks.count} chunks.`,
    );
    output.print(
      `Stored ${cost.packBytes} bytes of packs and an index of ${cost.indexBytes}; ` +
        `${cost.reusedBytes} bytes of the release were there already.`,
    );
    output.print("Run `breccia publish` to sign it and make it visible.");
  } finally {
    encoders.close();
    await tree.close();
  }
}

function secretLine(path: string, what: string): string {
  return `warning[secret-file]: ${JSON.stringify(path)} looks like ${what}, and will be public; ` +
    "if it is meant, say so with --allow, otherwise `breccia unstage` the release";
}

/** What in names can't be seen, or turns them around: people take them for others. */
function* unseenLines(entries: readonly { readonly path: string }[]): Generator<string> {
  const [first, ...rest] = entries.filter(({ path }) => hasUnseen(path));
  if (first === undefined) return;
  const more = rest.length === 0 ? "" : `, and those of ${rest.length} more`;
  yield `warning[unseen-characters]: the name ${
    JSON.stringify(first.path)
  }${more} holds characters ` +
    "that can't be seen or turn text around; rename what is not meant so";
}

function deltaLine({ from, bytes, chunkBytes, dropped }: DeltaOutcome): string {
  const size = bytes === undefined ? "no delta" : `a delta of ${bytes} bytes`;
  return `From ${from}: ${size}, where chunks take ${chunkBytes}` +
    (dropped === undefined ? "." : `; left out: ${dropped}.`);
}

async function readNotes(path: string): Promise<Uint8Array> {
  return await readFile(path).catch((cause) => {
    throw fileError("read the notes", path, cause);
  });
}
