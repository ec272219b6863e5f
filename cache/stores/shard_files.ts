import { link, lstat, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isShardedName, shardOf } from "./file_layout.ts";
import { syncFolder } from "./open_file.ts";

/** Files that are moved together. */
const MOVES_AT_ONCE = 32;

/**
 * Moves files that were written flat below `root`, of the keys that `isOwn` names, into their shards. At
 * every instant, also after a crash, each has a name: it gets its second one, that one is made durable, and
 * only then the first one goes. A file that is in its shard already is newer, and stays.
 *
 * @param folder Where to begin: nothing, or a path below `root` with a slash behind it.
 */
export async function moveIntoShards(
  root: string,
  isOwn: (key: string) => boolean,
  folder = "",
): Promise<void> {
  const names = await readdir(join(root, folder));
  const moving = names.filter((name) => isShardedName(name) && isOwn(folder + name));
  const shards = new Set(moving.map((name) => join(root, folder, shardOf(name))));
  for (const shard of shards) await mkdir(shard, { recursive: true, mode: 0o755 });
  await each(moving, async (name) => {
    const sharded = join(root, folder, shardOf(name), name);
    await link(join(root, folder, name), sharded).catch(ignoring("EEXIST", "ENOENT"));
  });
  for (const shard of shards) await syncFolder(shard);
  if (shards.size > 0) await syncFolder(join(root, folder));
  await each(moving, (name) => rm(join(root, folder, name), { force: true }));
  for (const name of names) {
    if (isShardedName(name) || name.includes("+")) continue;
    const below = await lstat(join(root, folder, name));
    if (below.isDirectory()) await moveIntoShards(root, isOwn, `${folder}${name}/`);
  }
}

async function each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += MOVES_AT_ONCE) {
    await Promise.all(items.slice(at, at + MOVES_AT_ONCE).map(act));
  }
}

/** Lets pass what another process may have done in between: moved the file, or removed it. */
function ignoring(...codes: readonly string[]): (cause: { code?: string }) => void {
  return (cause) => {
    if (!codes.includes(cause.code ?? "")) throw cause;
  };
}
