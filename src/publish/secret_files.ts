import { BrecciaError } from "../errors.ts";
import { PUBLISH_LIMITS } from "../limits.ts";
import type { TreeEntry, TreeReader } from "../ports/mod.ts";
import { matchesPathPattern } from "../tuf/mod.ts";

/** A file of a build that looks like a secret. */
export interface SecretFile {
  /** Where it is in the build. */
  readonly path: string;
  /** What it looks like: `"a private key in PEM"`. */
  readonly what: string;
}

/** Files that are secrets by their name, with what they hold. Compared in lower case. */
const BY_NAME: readonly (readonly [pattern: RegExp, what: string])[] = [
  [
    /(^|\/)\.env(\.(?!example$|sample$|template$|dist$)[^/]*)?$/,
    "passwords and tokens of a service",
  ],
  [/(^|\/)id_(rsa|dsa|ecdsa|ed25519)(_sk)?$/, "a private key of SSH"],
  [/(^|\/)\.(netrc|pgpass|git-credentials|pypirc|htpasswd|vault-token)$/, "stored passwords"],
  [/(^|\/)\.aws\/credentials$/, "keys of a cloud account"],
  [/(^|\/)\.docker\/config\.json$/, "logins of container registries"],
  [/(^|\/)\.kube\/config$/, "keys of a cluster"],
  [/(^|\/)\.gnupg\/(private-keys-v1\.d\/.*|secring\.gpg)$/, "private keys of GnuPG"],
  [/\.(p12|pfx|jks|keystore|kdbx)$/, "a store of private keys or passwords"],
];

/** The first line of a key with the beginning of its body: programs that know the first line only are none. */
const PEM = /^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\r?\n[A-Za-z0-9+/=:\r\n]/m;

/** A token in an `.npmrc`; a reference to a variable of the environment is none. */
const NPM_TOKEN = /(^|:)_(authToken|auth|password)\s*=\s*(?!\$\{)\S/m;

/**
 * Looks for secrets in a build before it becomes public. Small files are read: one of our own private
 * keys is found under any name, and so are keys in PEM.
 *
 * @param allow Paths, or patterns of paths, that are meant to be released, with what lies below them.
 * Our own private keys never are.
 * @throws {BrecciaError} `policy-unsafe` on a private key that signs for a repository.
 */
export async function findSecretFiles(
  tree: TreeReader,
  entries: readonly TreeEntry[],
  allow: readonly string[] = [],
): Promise<readonly SecretFile[]> {
  const found: SecretFile[] = [];
  const buffer = new Uint8Array(PUBLISH_LIMITS.secretBytes);
  for (const entry of entries) {
    if (entry.kind !== "file") continue;
    const { path, size } = entry;
    const small = size > 0 && size <= buffer.length;
    const content = small ? buffer.subarray(0, await tree.read(path, 0, buffer)) : undefined;
    if (content !== undefined && isOwnKey(content)) throw ownKey(path);
    const what = BY_NAME.find(([pattern]) => pattern.test(path.toLowerCase()))?.[1] ??
      (content === undefined ? undefined : whatItHolds(path, content));
    if (what !== undefined && !isAllowed(path, allow)) found.push({ path, what });
  }
  return found;
}

/** True for a key file of ours, encrypted or not, and for one that names the command which signs. */
function isOwnKey(content: Uint8Array): boolean {
  // Decoding takes off the mark that some editors put first.
  const text = new TextDecoder().decode(content).trimStart();
  if (!text.startsWith("{")) return false;
  try {
    const json: object = JSON.parse(text);
    const has = (field: string): boolean => Object.hasOwn(json, field);
    return has("keyid") && has("public") && ["private", "encrypted", "command"].some(has);
  } catch {
    return false;
  }
}

function whatItHolds(path: string, content: Uint8Array): string | undefined {
  if (content.includes(0)) return undefined;
  const text = new TextDecoder().decode(content);
  if (PEM.test(text)) return "a private key in PEM";
  return /(^|\/)\.npmrc$/.test(path) && NPM_TOKEN.test(text) ? "a token of npm" : undefined;
}

function isAllowed(path: string, allow: readonly string[]): boolean {
  const parts = path.split("/");
  return parts.some((_, last) => {
    const folder = parts.slice(0, last + 1).join("/");
    return allow.some((pattern) => matchesPathPattern(pattern.replace(/^\.\/|\/$/g, ""), folder));
  });
}

function ownKey(path: string): BrecciaError {
  return new BrecciaError(
    "policy-unsafe",
    `Cannot release ${
      JSON.stringify(path)
    }: it is a private key that signs for a repository, and ` +
      "whoever has it can replace every release; keep keys outside of the build",
  );
}
