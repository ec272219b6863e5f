import { readFile, stat } from "node:fs/promises";
import { encodeHex } from "../../bytes/mod.ts";
import { BrecciaError, isBrecciaError } from "../../errors.ts";
import { decodeIndex, type ReleaseIndex } from "../../index/mod.ts";
import { systemClock } from "../../ports/mod.ts";
import {
  type AppConfig,
  describeRepository,
  lintRepository,
  loadConfig,
  loadPublished,
  type PublishedMetadata,
  type RepositoryDescription,
  signingTime,
  type Warning,
} from "../../publish/mod.ts";
import {
  isJsonObject,
  type JsonValue,
  type MetadataType,
  parseJson,
  readMetadata,
} from "../../tuf/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { fileError } from "../file_error.ts";
import { keyDirectoryOf } from "../key_directory.ts";
import { openRepository } from "../open_repository.ts";
import { formatTable, type Output } from "../output.ts";

/** `breccia inspect FILE`: shows what a repository, an index or a metadata file says. */
export const command: Command = {
  name: "inspect",
  summary: "Show keys, expiries, files and costs of a file or repository",
  usage: "DIR | INDEX | METADATA [--keys DIR]",
  description:
    "Reads a repository, a release index or a metadata file. Nothing is verified against " +
    "a root: use `breccia verify` or `breccia check` for that.",
  example: "breccia inspect ./repo",
  operands: [1, 1],
  flags: {
    keys: { type: "string", value: "DIR", help: "The private keys (default: DIR.keys)" },
  },
  run: inspect,
};

async function inspect(context: CommandContext): Promise<void> {
  const { args, path, output } = context;
  const file = path(args[0] as string);
  const status = await stat(file).catch((cause) => {
    throw fileError("inspect", file, cause);
  });
  if (status.isDirectory()) {
    const store = await openRepository(file);
    const troubles = new Map<string, BrecciaError>();
    const published = await loadPublished(store, troubles);
    const description = await describeRepository(store, published, troubles);
    const keysHere = await keyDirectoryOf(context, file).keyIds();
    const now = systemClock.now();
    const warnings = [
      ...clockWarning(await loadConfig(store), published, now),
      ...lintRepository(published, keysHere, now, troubles),
    ];
    return showRepository(description, warnings, output);
  }
  const bytes = await readFile(file).catch((cause) => {
    throw fileError("inspect", file, cause);
  });
  if (bytes[0] === "B".charCodeAt(0)) showIndex(await decodeIndex(new Uint8Array(bytes)), output);
  else showMetadata(new Uint8Array(bytes), file, output);
}

/** Reading goes on under a clock in the past, but what it says of expiry is not to be believed. */
function clockWarning(
  config: AppConfig,
  published: PublishedMetadata,
  now: number,
): readonly Warning[] {
  try {
    signingTime(config, published, now);
    return [];
  } catch (error) {
    if (!isBrecciaError(error, "clock-wrong")) throw error;
    return [{ name: error.code, message: error.message }];
  }
}

function showRepository(
  repository: RepositoryDescription,
  warnings: readonly Warning[],
  output: Output,
): void {
  const { app, order, releases } = repository;
  const dated = <T extends { readonly expires: number }>(signers: readonly T[]) =>
    signers.map((signer) => ({ ...signer, expires: formatDate(signer.expires) }));
  const [roles, teams] = [dated(repository.roles), dated(repository.teams)];
  output.document({ app, order, roles, teams, releases, warnings });
  output.print(`${app}, versions by ${order}\n`);
  output.print(formatTable([
    ["role", "version", "expires", "threshold", "keys"],
    ...[...roles.map(({ role, ...rest }) => ({ name: role, ...rest })), ...teams].map((role) => [
      role.name,
      String(role.version),
      role.expires,
      `${role.threshold} of ${role.keyIds.length}`,
      role.keyIds.map((keyId) => keyId.slice(0, 8)).join(" "),
    ]),
  ]));
  if (warnings.length > 0) output.print("");
  for (const { name, message } of warnings) output.print(`warning[${name}]: ${message}`);
  if (releases.length === 0) return output.print("\nNo release yet.");
  output.print("");
  output.print(formatTable([
    ["release", "platform", "channels", "bytes", "to fetch", "index", ""],
    ...releases.map(({ info, ...release }) => [
      info.version,
      info.platform,
      info.channels.join(" ") || "withdrawn",
      release.streamBytes,
      release.storedBytes,
      release.indexBytes,
      release.staged ? "staged" : "",
    ]),
  ]));
}

function showIndex(index: ReleaseIndex, output: Output): void {
  let storedBytes = 0;
  for (const chunk of index.chunks) storedBytes += chunk.storedLength;
  const streamSha256 = encodeHex(index.streamSha256);
  const { app, version, platform, streamBytes, entries, packs, deltas } = index;
  output.document({
    ...{ app, version, platform, streamBytes, streamSha256, storedBytes },
    chunks: index.chunks.count,
    packs: packs.map(({ sha256, bytes }) => ({ sha256: encodeHex(sha256), bytes })),
    deltas: deltas.map(({ baseVersion, bytes }) => ({ baseVersion, bytes })),
    entries: entries.map((entry) =>
      entry.kind === "file" ? { ...entry, sha256: encodeHex(entry.sha256) } : entry
    ),
  });
  output.print(`${app} ${version} for ${platform}: ${streamBytes} bytes, SHA-256 ${streamSha256}`);
  output.print(
    `${index.chunks.count} chunks in ${packs.length} packs, ${storedBytes} bytes to fetch; ` +
      `${deltas.length} deltas\n`,
  );
  output.print(formatTable(entries.map((entry) => [
    entry.kind === "link" ? "link" : entry.mode.toString(8).padStart(4, "0"),
    entry.kind === "file" ? entry.size : "",
    entry.kind === "link" ? `${entry.path} -> ${entry.target}` : entry.path,
  ])));
}

function showMetadata(bytes: Uint8Array, name: string, output: Output): void {
  const { signed, signatures } = readMetadata(bytes, typeOf(bytes, name), name);
  const signedBy = [...signatures.keys()];
  const { type, version } = signed;
  const expires = formatDate(signed.expires);
  output.print(`${type} version ${version}, expires ${expires}`);
  output.print(`signed by ${signedBy.join(", ") || "nobody"}`);
  const rows: string[][] = [];
  if (signed.type === "root") {
    for (const [role, { keyIds, threshold }] of signed.roles) {
      rows.push([role, `${threshold} of ${keyIds.length}`, keyIds.join(" ")]);
    }
  } else if (signed.type === "targets") {
    for (const [path, { length }] of signed.targets) rows.push([path, `${length} bytes`]);
  } else if (signed.type === "snapshot") {
    for (const [file, { version }] of signed.meta) rows.push([file, `version ${version}`]);
  } else {
    rows.push(["snapshot.json", `version ${signed.snapshot.version}`]);
  }
  output.document({ type, version, expires, signedBy, lists: rows });
  if (rows.length > 0) output.print(formatTable(rows));
}

function typeOf(bytes: Uint8Array, name: string): MetadataType {
  const field = (value: JsonValue | undefined, key: string) =>
    isJsonObject(value) ? value.get(key) : undefined;
  const type = field(field(parseJson(bytes, name), "signed"), "_type");
  switch (type) {
    case "root":
    case "timestamp":
    case "snapshot":
    case "targets":
      return type;
    default:
      throw new BrecciaError(
        "usage",
        `Cannot inspect ${name}: it is no repository, index or TUF metadata; check the path`,
      );
  }
}

function formatDate(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19) + "Z";
}
