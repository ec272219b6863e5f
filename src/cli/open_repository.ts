import { stat } from "node:fs/promises";
import { join } from "node:path";
import { BrecciaError } from "../errors.ts";
import type { ManagedStore } from "../ports/mod.ts";
import { CONFIG_KEY } from "../publish/mod.ts";
import { fileError } from "./file_error.ts";
import { openStore } from "../../workers/process/open_store.ts";

/**
 * The repository in a directory that `breccia init` made. Where there is none, nothing is made: a mistyped
 * `--repo` must leave no trace.
 *
 * @throws {BrecciaError} `repository-malformed` when there is none; the codes of the store.
 */
export async function openRepository(directory: string): Promise<ManagedStore> {
  const config = join(directory, CONFIG_KEY);
  await stat(config).catch((cause) => {
    const { code } = cause as { code?: string };
    if (code !== "ENOENT" && code !== "ENOTDIR") throw fileError("read", config, cause);
    throw new BrecciaError(
      "repository-malformed",
      `Cannot find a repository in ${directory}: ${CONFIG_KEY} is missing; check --repo, or make one ` +
        "with `breccia init`",
      { cause },
    );
  });
  return await openStore(`fs:${directory}`, directory);
}
