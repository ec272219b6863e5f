import { realpath } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { BrecciaError } from "../errors.ts";

/**
 * Refuses to release a path that holds what must stay with the publisher: what is released is public.
 * Links are followed first, so that another name for the same folder is seen through.
 *
 * @param kept Paths that must not be inside, each with what it is: `"the repository"`.
 * @throws {BrecciaError} `policy-unsafe`
 */
export async function checkBuildPath(
  build: string,
  kept: ReadonlyMap<string, string>,
): Promise<void> {
  const tree = await resolved(build);
  for (const [path, what] of kept) {
    const inside = relative(tree, await resolved(path));
    if (/^\.\.(\/|$)/.test(inside)) continue;
    throw new BrecciaError(
      "policy-unsafe",
      `Cannot release ${build}: it holds ${what} ${path}, and what is released is public; build into ` +
        "a folder of its own and give that one",
    );
  }
}

/** The real path, also of what does not exist yet. */
async function resolved(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined || dirname(path) === path) return real ?? path;
  return join(await resolved(dirname(path)), relative(dirname(path), path));
}
