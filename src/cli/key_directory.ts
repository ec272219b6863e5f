import { chmod, mkdir, open, readdir, readFile, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { BrecciaError } from "../errors.ts";
import { encodeKeyFile, type KeyRing, readKeyFile } from "../publish/mod.ts";
import { Ed25519Signer, type KeyId, type Signer } from "../tuf/mod.ts";
import type { CommandContext } from "./command.ts";
import { fileError } from "./file_error.ts";

/** Private keys as files of one directory, readable by their owner alone. */
export class KeyDirectory implements KeyRing {
  /** The directory. */
  readonly path: string;
  #signers: Promise<ReadonlyMap<KeyId, Signer>> | undefined;

  /** Uses the keys in `path`; nothing is read yet. */
  constructor(path: string) {
    this.path = path;
  }

  /** See {@linkcode KeyRing.signer}. */
  async signer(keyId: KeyId): Promise<Signer | undefined> {
    this.#signers ??= readKeys(this.path);
    return (await this.#signers).get(keyId);
  }

  /**
   * Makes a key for `role` and writes it to `ROLE-KEYID.json`.
   *
   * @throws {BrecciaError} the storage codes.
   */
  async generate(role: string): Promise<Signer> {
    const signer = await Ed25519Signer.generate();
    const file = join(this.path, `${role}-${signer.keyId.slice(0, 8)}.json`);
    try {
      await mkdir(this.path, { recursive: true, mode: 0o700 });
      await chmod(this.path, 0o700);
      await using handle = await open(file, "wx", 0o600);
      await handle.writeFile(encodeKeyFile(signer));
      await handle.sync();
    } catch (cause) {
      throw fileError("write the key", file, cause);
    }
    this.#signers = undefined;
    return signer;
  }
}

/**
 * The key directory of a repository: `--keys`, or `DIR.keys` beside it. Never inside: what lies in a
 * repository is served to the world.
 *
 * @throws {BrecciaError} `policy-unsafe` when it is inside the repository.
 */
export function keyDirectoryOf({ flags, path }: CommandContext, repository: string): KeyDirectory {
  const typed = flags.text("keys");
  const keys = typed === undefined ? `${resolve(repository)}.keys` : path(typed);
  const inside = relative(repository, keys);
  if (inside === "" || !/^\.\.(\/|$)/.test(inside)) {
    throw new BrecciaError(
      "policy-unsafe",
      `Cannot keep private keys in ${keys}: it is inside the repository, which is served to the ` +
        "world; choose a directory outside",
    );
  }
  return new KeyDirectory(keys);
}

async function readKeys(directory: string): Promise<ReadonlyMap<KeyId, Signer>> {
  const signers = new Map<KeyId, Signer>();
  const names = await readdir(directory).catch((cause) => {
    if ((cause as { code?: string }).code === "ENOENT") return [];
    throw fileError("read the keys in", directory, cause);
  });
  for (const name of names.filter((name) => name.endsWith(".json")).sort()) {
    const file = join(directory, name);
    const signer = await readKey(file);
    signers.set(signer.keyId, signer);
  }
  return signers;
}

async function readKey(file: string): Promise<Signer> {
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) {
      throw new BrecciaError(
        "policy-unsafe",
        `Cannot use the private key ${file}: other users may read it; run chmod 600 on it, and ` +
          "replace the key if others did",
      );
    }
    return await readKeyFile(await readFile(file), file);
  } catch (cause) {
    throw fileError("read the key", file, cause);
  }
}
