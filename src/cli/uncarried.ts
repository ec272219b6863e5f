import { spawn } from "node:child_process";
import { lstat, readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { BrecciaError } from "../errors.ts";
import { fileError } from "./file_error.ts";

/** What a release does not carry, each with what people are told of it. */
const KINDS = {
  "set-id": "set-user-id and set-group-id bits never travel: without them is",
  "special-modes": "the set-group-id or sticky bit of directories never travels: without it is",
  "hard-links": "hard links become files apart (stored and sent once): linked in the build is",
  capabilities: "file capabilities never travel: without them is",
  acls: "ACLs never travel: without them is",
  attributes: "extended attributes never travel: without them is",
} as const;

/** A kind of what a release does not carry. */
export type UncarriedKind = keyof typeof KINDS;

/** What of a build its release will not carry. */
export interface Uncarried {
  /** What it is. */
  readonly kind: UncarriedKind;
  /** How many entries have it. */
  readonly count: number;
  /** The first of them, by name. */
  readonly first: string;
}

/**
 * What a release of `build` will not carry. Extended attributes, capabilities and ACLs are seen where
 * getfattr (or getcap, for capabilities alone) is on the PATH and may run.
 *
 * @throws {BrecciaError} `tree-unsupported` on a file with a set-user-id or set-group-id bit, unless
 * `withoutSetuid`; what a file system says.
 */
export async function findUncarried(
  build: string,
  options: { readonly withoutSetuid: boolean; readonly signal?: AbortSignal },
): Promise<Uncarried[]> {
  const found = new Map<UncarriedKind, string[]>();
  const note = (kind: UncarriedKind, path: string) => {
    const paths = found.get(kind);
    if (paths === undefined) found.set(kind, [path]);
    else paths.push(path);
  };
  await noteModes(build, note, options.signal);
  const [first, ...more] = found.get("set-id") ?? [];
  if (first !== undefined && !options.withoutSetuid) {
    throw new BrecciaError(
      "tree-unsupported",
      `Cannot release ${quoted(first)}${
        more.length === 0 ? "" : ` and ${more.length} more`
      }: it is ` +
        "set-user-id or set-group-id, and that never travels; --without-setuid releases it without",
    );
  }
  await noteAttributes(build, note, options.signal);
  return [...found].map(([kind, paths]) => ({
    kind,
    count: paths.length,
    first: paths.reduce((least, path) => path < least ? path : least),
  }));
}

/** One line for people. */
export function uncarriedLine({ kind, count, first }: Uncarried): string {
  const more = count === 1 ? "" : `, the first of ${count}`;
  return `warning[not-carried]: ${KINDS[kind]} ${quoted(first)}${more}`;
}

type Note = (kind: UncarriedKind, path: string) => void;

async function noteModes(build: string, note: Note, signal?: AbortSignal): Promise<void> {
  const linked = new Map<string, string[]>();
  const look = async (path: string, full: string, top: boolean): Promise<void> => {
    signal?.throwIfAborted();
    const status = await (top ? stat(full) : lstat(full)).catch((cause) => {
      throw fileError("release", full, cause);
    });
    if (status.isDirectory()) {
      if ((status.mode & 0o7000) !== 0) note("special-modes", path);
      const names = await readdir(full).catch((cause) => {
        throw fileError("release", full, cause);
      });
      for (const name of names) {
        await look(top ? name : `${path}/${name}`, join(full, name), false);
      }
    } else if (status.isFile()) {
      if ((status.mode & 0o6000) !== 0) note("set-id", path);
      if (status.nlink < 2) return;
      const identity = `${status.dev}:${status.ino}`;
      const names = linked.get(identity);
      if (names === undefined) linked.set(identity, [path]);
      else names.push(path);
    }
  };
  await look(".", build, true);
  for (const names of linked.values()) {
    if (names.length > 1) names.forEach((path) => note("hard-links", path));
  }
}

async function noteAttributes(build: string, note: Note, signal?: AbortSignal): Promise<void> {
  const real = join(build, ".");
  const seen = (path: string) => relative(real, path) || ".";
  const words = ["-R", "-P", "-h", "-m", "-", "--absolute-names", "--", real];
  let at = ".";
  const ran = await eachLine("getfattr", words, signal, (line) => {
    if (line.startsWith("# file: ")) at = seen(line.slice("# file: ".length));
    else {
      const kind = attributeKind(line);
      if (kind !== undefined) note(kind, at);
    }
  });
  if (ran) return;
  await eachLine("getcap", ["-r", real], signal, (line) => {
    const [, path] = /^(.+?)(?: =)? cap_\S+$/.exec(line) ?? [];
    if (path !== undefined) note("capabilities", seen(path));
  });
}

/** What an extended attribute is to people; `undefined` for what each file of a system has. */
function attributeKind(name: string): UncarriedKind | undefined {
  if (name === "security.capability") return "capabilities";
  if (/^system\.posix_acl_(access|default)$/.test(name)) return "acls";
  return name === "" || name === "security.selinux" ? undefined : "attributes";
}

/** Runs a program for its lines; false where there is none or it may not run. */
function eachLine(
  program: string,
  words: readonly string[],
  signal: AbortSignal | undefined,
  use: (line: string) => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const child = spawn(program, words, { stdio: ["ignore", "pipe", "ignore"], signal });
      child.on("error", () => resolve(false));
      const lines = createInterface({ input: child.stdout });
      lines.on("line", use);
      lines.on("close", () => resolve(true));
    } catch {
      resolve(false);
    }
  });
}

function quoted(path: string): string {
  return JSON.stringify(path.slice(0, 200));
}
