import { readFile } from "node:fs/promises";
import { BrecciaError } from "../../errors.ts";
import { type ObjectStore, systemClock } from "../../ports/mod.ts";
import { changeKeys, type KeyChange, loadPublished, readPublicKeyFile } from "../../publish/mod.ts";
import { type KeyId, TOP_LEVEL_ROLES, type TopLevelRole } from "../../tuf/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { fileError } from "../file_error.ts";
import { KeyDirectory, keyDirectoryOf } from "../key_directory.ts";
import { openRepository } from "../open_repository.ts";
import { formatTable } from "../output.ts";

/** `breccia keys ACTION …`: makes keys, and changes who signs. */
export const command: Command = {
  name: "keys",
  summary: "Make, list, add, revoke and rotate keys",
  usage: "generate NAME --keys DIR | list --repo DIR | add ROLE FILE … --repo DIR | " +
    "revoke ROLE KEYID … --repo DIR | rotate ROLE --repo DIR",
  description:
    "Changes are drafted: `breccia publish` makes them visible once a threshold of the old " +
    "root keys and of the new ones has signed (see `breccia sign`). Keys are encrypted when " +
    "BRECCIA_PASSPHRASE is set.",
  example: "breccia keys rotate timestamp --repo ./repo",
  operands: [1, 16],
  flags: {
    repo: { type: "string", value: "DIR", help: "The repository" },
    keys: { type: "string", value: "DIR", help: "The private keys (default: --repo + .keys)" },
    threshold: { type: "string", value: "N", help: "How many must sign from now on" },
  },
  run: keys,
};

async function keys(context: CommandContext): Promise<void> {
  const [action, first, ...rest] = context.args;
  if (action === "generate") return await generate(context, first ?? "key");
  const repository = context.path(context.flags.required("repo"));
  const store = await openRepository(repository);
  if (action === "list") return await list(context, store, repository);
  const role = roleOf(first);
  switch (action) {
    case "add":
      return await change(context, store, { role, add: await readPublicKeys(context, rest) });
    case "revoke":
      return await change(context, store, { role, revoke: await fullIds(store, role, rest) });
    case "rotate":
      return await rotate(context, store, role, repository);
    default:
      throw new BrecciaError("usage", `keys can't ${action}: see breccia keys --help`);
  }
}

async function generate({ flags, path, env, output }: CommandContext, name: string): Promise<void> {
  const directory = new KeyDirectory(path(flags.required("keys")), env("BRECCIA_PASSPHRASE"));
  const { keyId } = await directory.generate(name);
  const file = `${directory.path}/${name}-${keyId.slice(0, 8)}.json`;
  output.document({ keyId, file });
  output.print(`Made the key ${keyId} in ${file}.`);
}

async function list(
  context: CommandContext,
  store: ObjectStore,
  repository: string,
): Promise<void> {
  const { root } = await loadPublished(store);
  const keysHere = await keyDirectoryOf(context, repository).keyIds();
  const rows: { role: string; keyId: string; keytype: string; threshold: number; here: boolean }[] =
    [];
  for (const [role, { keyIds, threshold }] of root.roles) {
    for (const keyId of keyIds) {
      const here = keysHere.has(keyId);
      rows.push({ role, keyId, keytype: root.keys.get(keyId)?.keytype ?? "", threshold, here });
    }
  }
  context.output.document({ rootVersion: root.version, keys: rows });
  context.output.print(formatTable(rows.map(({ role, keyId, keytype, threshold, here }) => [
    role,
    keyId,
    keytype,
    `threshold ${threshold}`,
    here ? "here" : "",
  ])));
}

async function rotate(
  context: CommandContext,
  store: ObjectStore,
  role: TopLevelRole,
  repository: string,
): Promise<void> {
  const { root } = await loadPublished(store);
  const ring = keyDirectoryOf(context, repository);
  const add = [];
  for (let i = root.roles.get(role)?.keyIds.length ?? 1; i > 0; i--) {
    add.push((await ring.generate(role)).key);
  }
  await change(context, store, { role, add, revoke: "all" });
}

async function change(
  { flags, output }: CommandContext,
  store: ObjectStore,
  keyChange: KeyChange,
): Promise<void> {
  const threshold = flags.integer("threshold", 1, 16);
  const root = await changeKeys(store, { ...keyChange, threshold }, systemClock.now());
  const role = root.roles.get(keyChange.role);
  output.document({ rootVersion: root.version, role: keyChange.role, ...role });
  output.print(
    `Drafted root version ${root.version}: ${role?.threshold} of ${role?.keyIds.length} keys sign ` +
      `for ${keyChange.role}.`,
  );
  output.print("Run `breccia publish`, or collect signatures with `breccia sign root` first.");
}

async function readPublicKeys({ path }: CommandContext, files: readonly string[]) {
  if (files.length === 0) throw new BrecciaError("usage", "Give the files of the keys to add");
  return await Promise.all(files.map(async (name) => {
    const file = path(name);
    const bytes = await readFile(file).catch((cause) => {
      throw fileError("read the key", file, cause);
    });
    return readPublicKeyFile(bytes, file);
  }));
}

/** Key ids may be shortened as long as they stay unambiguous. */
async function fullIds(
  store: ObjectStore,
  role: TopLevelRole,
  typed: readonly string[],
): Promise<readonly KeyId[]> {
  if (typed.length === 0) throw new BrecciaError("usage", "Give the ids of the keys to revoke");
  const { root } = await loadPublished(store);
  const keyIds = root.roles.get(role)?.keyIds ?? [];
  return typed.map((prefix) => {
    const matches = keyIds.filter((keyId) => keyId.startsWith(prefix));
    return matches.length === 1 ? matches[0] as KeyId : prefix;
  });
}

function roleOf(typed: string | undefined): TopLevelRole {
  const role = TOP_LEVEL_ROLES.find((role) => role === typed);
  if (role === undefined) {
    throw new BrecciaError("usage", `Give a role: ${TOP_LEVEL_ROLES.join(", ")}`);
  }
  return role;
}
