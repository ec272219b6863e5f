import { chmod, mkdir, open, readdir, readFile, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { withFile } from "../../cache/stores/open_file.ts";
import { BrecciaError } from "../errors.ts";
import { encodeKeyFile, type KeyRing, readKeyFile, readPublicKeyFile } from "../publish/mod.ts";
import { Ed25519Signer, isJsonObject, type KeyId, parseJson, type Signer } from "../tuf/mod.ts";
import type { CommandContext } from "./command.ts";
import { CommandSigner } from "./command_signer.ts";
import { fileError } from "./file_error.ts";

/** Private keys as files of one directory, readable by their owner alone. */
export class KeyDirectory implements KeyRing {
  /** The directory. */
  readonly path: string;
  readonly #passphrase: string | undefined;
  #files: Promise<ReadonlyMap<KeyId, string>> | undefined;
  readonly #signers = new Map<KeyId, Signer>();

  /** Uses the keys in `path`; nothing is read yet. New keys are encrypted when there is a passphrase. */
  constructor(path: string, passphrase: string | undefined) {
    this.path = path;
    this.#passphrase = passphrase;
  }

  /** The ids of the keys that lie here. */
  async keyIds(): Promise<ReadonlySet<KeyId>> {
    this.#files ??= listKeys(this.path);
    return new Set((await this.#files).keys());
  }

  /** See {@linkcode KeyRing.signer}. Only the keys that are asked for are decrypted. */
  async signer(keyId: KeyId): Promise<Signer | undefined> {
    this.#files ??= listKeys(this.path);
    const file = (await this.#files).get(keyId);
    if (file === undefined) return undefined;
    const signer = this.#signers.get(keyId) ?? await readKey(file, this.#passphrase);
    this.#signers.set(keyId, signer);
    return signer;
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
      const bytes = await encodeKeyFile(signer, this.#passphrase);
      await withFile(open(file, "wx", 0o600), async (handle) => {
        await handle.writeFile(bytes);
        await handle.sync();
      });
    } catch (cause) {
      throw fileError("write the key", file, cause);
    }
    this.#files = undefined;
    return signer;
  }
}

/**
 * The key directory of a repository: `--keys`, or `DIR.keys` beside it. Never inside: what lies in a
 * repository is served to the world.
 *
 * @throws {BrecciaError} `policy-unsafe` when it is inside the repository.
 */
export function keyDirectoryOf(
  { flags, path, env }: CommandContext,
  repository: string,
): KeyDirectory {
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
  return new KeyDirectory(keys, env("BRECCIA_PASSPHRASE"));
}

/**
 * The signer in a key file: a private key, or the command that signs for it.
 *
 * @throws {BrecciaError} `policy-unsafe` when other users may read it; `keystore`.
 */
export async function readKey(file: string, passphrase: string | undefined): Promise<Signer> {
  try {
    await refuseReadable(file);
    const bytes = await readFile(file);
    const json = parseJson(bytes, file);
    const command = isJsonObject(json) ? json.get("command") : undefined;
    if (!Array.isArray(command)) return await readKeyFile(bytes, file, passphrase);
    return await CommandSigner.of(readPublicKeyFile(bytes, file), command.map(String));
  } catch (cause) {
    throw fileError("read the key", file, cause);
  }
}

async function listKeys(directory: string): Promise<ReadonlyMap<KeyId, string>> {
  const files = new Map<KeyId, string>();
  const names = await readdir(directory).catch((cause) => {
    if ((cause as { code?: string }).code === "ENOENT") return [];
    throw fileError("read the keys in", directory, cause);
  });
  for (const name of names.filter((name) => name.endsWith(".json")).sort()) {
    const file = join(directory, name);
    const bytes = await readFile(file).catch((cause) => {
      throw fileError("read the key", file, cause);
    });
    await refuseReadable(file);
    const json = parseJson(bytes, file);
    const keyId = isJsonObject(json) ? json.get("keyid") : undefined;
    if (typeof keyId === "string") files.set(keyId, file);
  }
  return files;
}

/** A private key that others could read may have been copied by them. */
async function refuseReadable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) {
    throw new BrecciaError(
      "policy-unsafe",
      `Cannot use the private key ${file}: other users may read it; run chmod 600 on it, and ` +
        "replace the key if others did",
    );
  }
}
