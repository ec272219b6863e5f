import { BrecciaError } from "../errors.ts";
import { INDEX_LIMITS } from "../limits.ts";
import type { TreeEntry } from "../ports/mod.ts";

const SEGMENT_BYTES = 255;
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\u0000-\u001f\u007f\\]/;

/**
 * Refuses a path that could mean something outside its tree, or different things on different
 * systems.
 *
 * @throws {BrecciaError} `path-unsafe`
 */
export function checkPath(path: string): void {
  const why = pathObjection(path);
  if (why !== undefined) {
    throw new BrecciaError(
      "path-unsafe",
      `Cannot accept the path ${
        JSON.stringify(path.slice(0, 200))
      }: ${why}; rename it in the build`,
    );
  }
}

function pathObjection(path: string): string | undefined {
  if (path === "") return "it is empty";
  if (path.startsWith("/")) return "it is absolute";
  if (FORBIDDEN.test(path)) return "it holds a backslash or a control character";
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

/**
 * Refuses a tree that could write outside itself or that file systems would merge: unsafe and
 * colliding paths, entries below anything but a listed directory, links that leave the tree.
 *
 * @param entries The tree, every directory before what it holds.
 * @throws {BrecciaError} `path-unsafe`, `path-collision` or `link-unsafe`
 */
export function checkEntries(entries: Iterable<TreeEntry>): void {
  const check = new TreeCheck();
  for (const entry of entries) check.add(entry);
}

/** {@linkcode checkEntries}, entry by entry, for trees that arrive in turns. */
export class TreeCheck {
  readonly #directories = new Set<string>([""]);
  readonly #folded = new Map<string, string>();

  /**
   * Checks the next entry against those before it.
   *
   * @throws {BrecciaError} `path-unsafe`, `path-collision` or `link-unsafe`
   */
  add(entry: TreeEntry): void {
    checkPath(entry.path);
    const parent = entry.path.slice(0, Math.max(0, entry.path.lastIndexOf("/")));
    if (!this.#directories.has(parent)) {
      throw new BrecciaError(
        "path-unsafe",
        `Cannot accept the path ${
          JSON.stringify(entry.path)
        }: its parent is not a directory of the ` +
          `release; build the tree again`,
      );
    }
    const key = foldPath(entry.path);
    const twin = this.#folded.get(key);
    if (twin !== undefined) {
      throw new BrecciaError(
        "path-collision",
        `Cannot accept both ${JSON.stringify(twin)} and ${JSON.stringify(entry.path)}: some file ` +
          `systems take them for one; rename one of them in the build`,
      );
    }
    this.#folded.set(key, entry.path);
    if (entry.kind === "directory") this.#directories.add(entry.path);
    if (entry.kind === "link") checkLink(entry.path, entry.target);
  }
}

/** What a path is on a file system that ignores case and Unicode form. */
function foldPath(path: string): string {
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

/**
 * A link may climb at most to the root of its tree, and only before it descends: since its parents
 * are real directories, no chain of such links leads outside.
 */
function checkLink(path: string, target: string): void {
  const why = linkObjection(path, target);
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

function linkObjection(path: string, target: string): string | undefined {
  if (target === "") return "its target is empty";
  if (target.startsWith("/")) return "its target is absolute";
  if (FORBIDDEN.test(target)) return "its target holds a backslash or a control character";
  if (!target.isWellFormed()) return "its target is not well-formed Unicode";
  if (utf8Length(target) > INDEX_LIMITS.pathBytes) return "its target is too long";
  let climb = path.split("/").length - 1;
  let descended = false;
  for (const segment of target.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") {
      descended = true;
    } else if (descended) {
      return "its target climbs after it descended";
    } else if (climb-- === 0) {
      return "its target leaves the release";
    }
  }
  return undefined;
}

const encoder = new TextEncoder();

function utf8Length(text: string): number {
  return encoder.encode(text).length;
}
