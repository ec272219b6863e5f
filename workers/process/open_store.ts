import { resolve } from "node:path";
import process from "node:process";
import { FileStore } from "../../cache/stores/fs.ts";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { BrecciaError } from "../../src/errors.ts";
import { holdsPublication, isOwnKey } from "../../src/mirror/mod.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { withoutUrlSecrets } from "../../src/transport/mod.ts";
import { openBucket } from "./open_bucket.ts";

/** Who uses a store: a publisher, whose directory any server can hand out, or an edge, which has it for itself. */
export type StoreUser = "publisher" | "edge";

/**
 * The store that a `--store` or `--to` names: `fs:DIR` or a plain path, `memory:`, and
 * `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`. Relative paths count from `cwd`.
 *
 * @throws {BrecciaError} `usage` when the name is of no kind that is known; the codes of the store.
 */
export async function openStore(
  name: string,
  cwd: string,
  user: StoreUser = "publisher",
): Promise<ManagedStore> {
  if (name === "memory:") return new MemoryStore();
  if (name.startsWith("s3:")) return openBucket(name, (variable) => process.env[variable]);
  if (name.startsWith("fs:")) {
    const folder = name.slice("fs:".length);
    if (folder === "") {
      throw new BrecciaError("usage", "Cannot open a store at fs: it names no folder; give fs:DIR");
    }
    return await openDirectory(resolve(cwd, folder), user);
  }
  if (!/^[a-z0-9]+:/i.test(name)) return await openDirectory(resolve(cwd, name), user);
  throw new BrecciaError(
    "usage",
    `Cannot open the store ${
      withoutUrlSecrets(name)
    }: it is none of fs:DIR, memory: and s3://BUCKET; check its spelling`,
  );
}

async function openDirectory(path: string, user: StoreUser): Promise<ManagedStore> {
  const store = new FileStore(path, { layout: user === "edge" ? "sharded" : "flat" });
  await store.open();
  // Edges once wrote their files flat; a publisher in the same place needs his to stay so.
  if (user === "edge" && !await holdsPublication(store)) await store.shard(isOwnKey);
  return store;
}
