import { readFile } from "node:fs/promises";
import { addRelease } from "../../publish/mod.ts";
import { ChunkEncoders } from "../chunk_encoders.ts";
import type { Command, CommandContext } from "../command.ts";
import { fileError } from "../file_error.ts";
import { openTree } from "../file_tree.ts";
import { openStore } from "../open_store.ts";

/** `breccia add VERSION PATH --repo DIR`: stages a release. */
export const command: Command = {
  name: "add",
  summary: "Make a directory or a file into the next release",
  usage: "VERSION PATH --repo DIR [--channel NAME] [--platform NAME] [--notes FILE] " +
    "[--deltas N]",
  description:
    "The release waits for `breccia publish`; nobody sees it before. A version that is " +
    "there already, or lower than the newest of its channel and platform, is refused.",
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
      default: "2",
      help: "Make deltas from the N versions before it",
    },
    required: { type: "boolean", help: "Clients must not skip this version" },
  },
  run: add,
};

async function add({ args, flags, path, cwd, output, signal }: CommandContext): Promise<void> {
  const [version, build] = args as [string, string];
  const repository = path(flags.required("repo"));
  const notes = flags.text("notes");
  const tree = await openTree(path(build));
  const encoders = new ChunkEncoders();
  try {
    const store = await openStore(`fs:${repository}`, cwd);
    const release = {
      version,
      tree,
      app: flags.text("app"),
      team: flags.text("team"),
      channel: flags.text("channel"),
      platform: flags.text("platform"),
      notes: notes === undefined ? undefined : await readNotes(path(notes)),
      deltas: flags.integer("deltas", 0, 16),
      required: flags.has("required"),
    };
    const { info, index, ...cost } = await addRelease(store, release, {
      encode: encoders.encode,
      signal,
    });
    output.document({
      ...info,
      entries: index.entries.length,
      chunks: index.chunks.count,
      streamBytes: index.streamBytes,
      deltas: index.deltas.map(({ baseVersion, bytes }) => ({ baseVersion, bytes })),
      ...cost,
    });
    output.print(
      `Staged ${info.app} ${version} for ${info.platform}: ${index.entries.length} entries, ` +
        `${index.streamBytes} bytes in ${index.chunks.count} chunks.`,
    );
    output.print(
      `Stored ${cost.packBytes} bytes of packs and an index of ${cost.indexBytes}; ` +
        `${cost.reusedBytes} bytes of the release were there already.`,
    );
    for (const { baseVersion, bytes } of index.deltas) {
      output.print(`Made a delta from ${baseVersion}: ${bytes} bytes.`);
    }
    output.print("Run `breccia publish` to sign it and make it visible.");
  } finally {
    encoders.close();
    await tree.close();
  }
}

async function readNotes(path: string): Promise<Uint8Array> {
  return await readFile(path).catch((cause) => {
    throw fileError("read the notes", path, cause);
  });
}
