import { BrecciaError } from "../errors.ts";
import type { InstallTarget } from "../ports/mod.ts";
import { partialOf } from "./tree_name.ts";

/** How many names a refusal lists. */
const LISTED = 5;

/** What an installation keeps among its state files before it has a record. */
const OWN_STATE = /^(?:state\.json|device|metadata\/.*)$/;

const INDEX_KEY = /^indexes\/([A-Za-z0-9_-][A-Za-z0-9._-]*)\.index$/;

/** Where the index of a tree is kept. It is there before the tree is: it marks the tree as ours. */
export function indexKey(tree: string): string {
  return `indexes/${tree}.index`;
}

/** The tree whose index is kept under `key`, or `undefined` for what is no index. */
export function treeOfIndexKey(key: string): string | undefined {
  return INDEX_KEY.exec(key)?.[1];
}

/**
 * Trees that no update wrote here: their index is not among the state files. They are never removed,
 * renamed or read.
 */
export async function foreignTrees(target: InstallTarget): Promise<string[]> {
  const own = new Set<string>();
  for await (const { key } of target.state.list("indexes/")) {
    const tree = treeOfIndexKey(key);
    if (tree !== undefined) own.add(tree);
  }
  return (await target.trees()).filter((tree) => !own.has(partialOf(tree)));
}

/** Everything at `target` that no update put there, in order. */
export async function strangersOf(target: InstallTarget): Promise<string[]> {
  const strangers = await target.strangers();
  for (const tree of await foreignTrees(target)) strangers.push(`releases/${tree}`);
  for await (const { key } of target.state.list("")) {
    if (!OWN_STATE.test(key) && treeOfIndexKey(key) === undefined) strangers.push(`state/${key}`);
  }
  // Without a record no update has moved a pointer yet.
  if (await target.pointer() !== undefined) strangers.push("current");
  return strangers.sort();
}

/**
 * Refuses a place that others use: an installation removes trees, and must never take theirs for its own.
 *
 * @throws {BrecciaError} `no-installation`, naming what is there and what to do.
 */
export function refuseStrangers(
  location: string,
  strangers: readonly string[],
  adopt: boolean,
): void {
  if (adopt && strangers.includes("current")) {
    throw new BrecciaError(
      "no-installation",
      `Cannot take over ${location}: "current" there is another program's; move it away first`,
    );
  }
  if (adopt || strangers.length === 0) return;
  const more = strangers.length - LISTED;
  throw new BrecciaError(
    "no-installation",
    `Cannot use ${location}: it is no installation and holds ${
      strangers.slice(0, LISTED).join(", ")
    }${
      more > 0 ? ` and ${more} more` : ""
    }; choose an empty directory, or give --adopt to keep all ` +
      "of that and install beside it",
  );
}
