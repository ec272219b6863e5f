import { posix } from "node:path";
import { downloadTarget } from "../../client/mod.ts";
import { BrecciaError, isBrecciaError } from "../../errors.ts";
import type { Command, CommandContext } from "../command.ts";
import { clockOf, readRoot, TIME_FLAG } from "../device.ts";
import { FileAccess } from "../file_access.ts";
import { openStore } from "../../../workers/process/open_store.ts";
import { PartialFile } from "../partial_file.ts";

/** `breccia download`: one file of any TUF repository, by what changed since an older one. */
export const command: Command = {
  name: "download",
  summary: "Bring one file of any TUF repository, verified",
  usage: "TARGET [--from URL …] [--root FILE] [--seed OLDFILE …] [--to FILE]",
  description:
    "TARGET is the file's path in the repository, or its URL, BASE/targets/PATH. Behind an edge only the " +
    "chunks travel that no --seed has, inside .tar.gz, .whl and .zip, too; FILE itself is a seed when it " +
    "is there. Whatever an edge says, FILE is replaced only by what was signed.",
  example: "breccia download app-2.tar.gz --seed app-1.tar.gz \\\n" +
    "    --from https://edge.example/ --root root.json",
  operands: [1, 1],
  flags: {
    from: {
      type: "string",
      multiple: true,
      value: "URL",
      help: "A mirror; may be given several times",
    },
    root: {
      type: "string",
      value: "FILE",
      help: "The publisher's root.json; needed the first time",
    },
    seed: {
      type: "string",
      multiple: true,
      value: "OLDFILE",
      help: "A file that may resemble it; several, the best first",
    },
    to: { type: "string", value: "FILE", help: "Where it goes; default: its name, here" },
    state: {
      type: "string",
      value: "DIR",
      default: "breccia-state",
      help: "Where trusted metadata is kept for the next time",
    },
    ...TIME_FLAG,
  },
  run: download,
};

async function download(context: CommandContext): Promise<void> {
  const { args, flags, path, cwd, output, signal } = context;
  const { target, mirrors } = placeOf(args[0] as string, flags.texts("from"));
  const rootFile = flags.text("root");
  const file = path(flags.text("to") ?? posix.basename(target));
  const seeds = await openSeeds(flags.texts("seed").map(path), file);
  const sink = new PartialFile(file);
  try {
    const done = await downloadTarget({
      root: rootFile === undefined ? undefined : await readRoot(path(rootFile)),
      mirrors,
      cache: await openStore(`fs:${path(flags.required("state"))}`, cwd),
      target,
      seeds,
      clock: clockOf(flags.text("now")),
      signal,
    }, sink);
    await sink.commit();
    output.document({ ...done, file });
    for (const reason of done.reasons) output.log(`note: ${reason}`);
    const [bytes, transferred, saved] = [done.bytes, done.transferred, done.saved]
      .map((count) => count.toLocaleString("en-US"));
    output.print(`${file}: ${bytes} bytes, ${transferred} transferred, ${saved} saved`);
  } finally {
    await sink.discard();
    for (const seed of seeds) await seed.close();
  }
}

/** What was typed as a path and mirrors: a URL names both. */
function placeOf(
  typed: string,
  mirrors: readonly string[],
): { target: string; mirrors: readonly string[] } {
  if (!/^https?:/.test(typed)) return { target: typed, mirrors };
  const url = URL.parse(typed);
  const [, base, target] = /^(.*?\/)targets\/(.+)$/.exec(url?.pathname ?? "") ?? [];
  if (url === null || base === undefined || target === undefined) {
    throw new BrecciaError(
      "usage",
      `Cannot download ${typed}: give a URL as BASE/targets/PATH, or PATH and --from BASE`,
    );
  }
  // What else stands in it, as a signature in its query, belongs to the mirror.
  url.pathname = base;
  return { target: unescaped(target), mirrors: [url.href, ...mirrors] };
}

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The files given, and the one that is to be replaced, where there is one. */
async function openSeeds(given: readonly string[], replaced: string): Promise<FileAccess[]> {
  const seeds: FileAccess[] = [];
  for (const path of given) seeds.push(await FileAccess.open(path, "r"));
  try {
    if (!given.includes(replaced)) seeds.push(await FileAccess.open(replaced, "r"));
  } catch (error) {
    if (!isBrecciaError(error, "usage")) throw error;
  }
  return seeds;
}
