import { BrecciaError } from "../errors.ts";
import { INDEX_LIMITS } from "../limits.ts";
import type { TreeEntry, TreeLink } from "../ports/mod.ts";
import { isLinux } from "./portable_name.ts";

const SEGMENT_BYTES = 255;
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\u0000-\u001f\u007f]/;

/**
 * Refuses a path that could mean something outside its tree, or different things on different
 * systems.
 *
 * @param platform Of its release; on Linux alone a backslash is a character like any other.
 * @throws {BrecciaError} `path-unsafe`
 */
export function checkPath(path: string, platform: string): void {
  const why = pathObjection(path, platform);
  if (why !== undefined) {
    throw new BrecciaError(
      "path-unsafe",
      `Cannot accept the path ${
        JSON.stringify(path.slice(0, 200))
      }: ${why}; rename it in the build`,
    );
  }
}

function pathObjection(path: string, platform: string): string | undefined {
  if (path === "") return "it is empty";
  if (path.startsWith("/")) return "it is absolute";
  const character = characterObjection(path, platform);
  if (character !== undefined) return `it ${character}`;
  if (!path.isWellFormed()) return "it is not well-formed Unicode";
  if (utf8Length(path) > INDEX_LIMITS.pathBytes) {
    return `it is longer than ${INDEX_LIMITS.pathBytes} bytes`;
  }
  const segments = path.split("/");
  if (segments.length > INDEX_LIMITS.depth) {
    return `it is deeper than ${INDEX_LIMITS.depth} directories`;
  }
  for (const segment of segments) {
    if (segment === "") return "it holds an empty segment";
    if (segment === "." || segment === "..") return `it holds the segment "${segment}"`;
    if (utf8Length(segment) > SEGMENT_BYTES) return `a name is longer than ${SEGMENT_BYTES} bytes`;
  }
  return undefined;
}

function characterObjection(text: string, platform: string): string | undefined {
  if (FORBIDDEN.test(text)) return "holds a control character";
  if (text.includes("\\") && !isLinux(platform)) {
    return `holds a backslash, which separates names on Windows (a release for Linux alone may: ` +
      "--platform linux-x64)";
  }
  return undefined;
}

/**
 * Refuses a tree that could write outside itself or that file systems of its platform would merge: unsafe
 * and colliding paths, entries below anything but a listed directory, links that leave the tree.
 *
 * @param entries The tree, every directory before what it holds.
 * @param platform Of its release: Linux keeps names apart that differ by case or Unicode form.
 * @throws {BrecciaError} `path-unsafe`, `path-collision` or `link-unsafe`
 */
export function checkEntries(entries: readonly TreeEntry[], platform: string): void {
  const check = new TreeCheck(platform);
  for (const entry of entries) check.add(entry);
  for (const entry of entries) if (entry.kind === "link") check.follow(entry);
}

/** A directory of a release: where it is in the tree. */
class Folder {
  readonly parent: Folder | undefined;
  #folders: Map<string, Folder> | undefined;

  constructor(parent?: Folder) {
    this.parent = parent;
  }

  /** The directory of that name, exactly as it is spelt. */
  inner(name: string): Folder | undefined {
    return this.#folders?.get(name);
  }

  make(name: string): Folder {
    const made = new Folder(this);
    (this.#folders ??= new Map()).set(name, made);
    return made;
  }
}

/** {@linkcode checkEntries}, entry by entry, for trees that arrive in turns. */
export class TreeCheck {
  readonly #platform: string;
  readonly #directories = new Map<string, Folder>([["", new Folder()]]);
  readonly #folded = new Map<string, string>();

  /** Checks a tree for a platform. */
  constructor(platform: string) {
    this.#platform = platform;
  }

  /**
   * Checks the next entry against those before it; links are to be followed when all are there.
   *
   * @throws {BrecciaError} `path-unsafe`, `path-collision`
   */
  add(entry: TreeEntry): void {
    checkPath(entry.path, this.#platform);
    const parent = this.#directories.get(parentOf(entry.path));
    if (parent === undefined) {
      throw new BrecciaError(
        "path-unsafe",
        `Cannot accept the path ${
          JSON.stringify(entry.path)
        }: its parent is not a directory of the ` +
          `release; build the tree again`,
      );
    }
    const linux = isLinux(this.#platform);
    const key = linux ? entry.path : foldPath(entry.path);
    const twin = this.#folded.get(key);
    if (twin !== undefined) {
      const wayOut = linux ? "" : ", or release it for Linux alone (--platform linux-x64)";
      throw new BrecciaError(
        "path-collision",
        `Cannot accept both ${JSON.stringify(twin)} and ${JSON.stringify(entry.path)}: some file ` +
          `systems take them for one; rename one of them in the build${wayOut}`,
      );
    }
    this.#folded.set(key, entry.path);
    if (entry.kind === "directory") {
      const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
      this.#directories.set(entry.path, parent.make(name));
    }
  }

  /**
   * Refuses a link that leaves the tree, after all entries were added. A link climbs only out of
   * directories of the release, at most to its root: out of another link or of a name that is missing, where a
   * climb leads is not known from the tree alone. So a link that leads through others never climbs after them,
   * and no chain of links leads outside, on no file system.
   *
   * @throws {BrecciaError} `link-unsafe`
   */
  follow({ path, target }: TreeLink): void {
    const why = this.#linkObjection(path, target);
    if (why !== undefined) {
      throw new BrecciaError(
        "link-unsafe",
        `Cannot accept the link ${JSON.stringify(path)} to ${
          JSON.stringify(target.slice(0, 200))
        }: ` +
          `${why}; make it point inside the release`,
      );
    }
  }

  #linkObjection(path: string, target: string): string | undefined {
    if (target === "") return "its target is empty";
    if (target.startsWith("/")) return "its target is absolute";
    const character = characterObjection(target, this.#platform);
    if (character !== undefined) return `its target ${character}`;
    if (!target.isWellFormed()) return "its target is not well-formed Unicode";
    if (utf8Length(target) > INDEX_LIMITS.pathBytes) return "its target is too long";
    let at = this.#directories.get(parentOf(path));
    for (const segment of target.split("/")) {
      if (segment === "" || segment === ".") continue;
      if (segment !== "..") {
        at = at?.inner(segment);
      } else if (at === undefined) {
        return "its target climbs out of what is no directory of the release";
      } else if (at.parent === undefined) {
        return "its target leaves the release";
      } else {
        at = at.parent;
      }
    }
    return undefined;
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** What a path is on a file system that ignores case and Unicode form. */
function foldPath(path: string): string {
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

const encoder = new TextEncoder();

function utf8Length(text: string): number {
  return encoder.encode(text).length;
}
