import process from "node:process";
import { createInterface } from "node:readline/promises";
import { BrecciaError } from "../../errors.ts";
import { systemClock } from "../../ports/mod.ts";
import {
  checkName,
  DEFAULT_EXPIRY_DAYS,
  delegateToHashBins,
  initRepository,
} from "../../publish/mod.ts";
import { type Signer, TOP_LEVEL_ROLES, type TopLevelRole } from "../../tuf/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { keyDirectoryOf } from "../key_directory.ts";
import { openStore } from "../../../workers/process/open_store.ts";

/** `breccia init DIR --app NAME`: makes a repository and its keys. */
export const command: Command = {
  name: "init",
  summary: "Make a repository and the keys that sign it",
  usage: "DIR --app NAME [--keys DIR] [--threshold ROLE=N …] [--expires ROLE=DAYS …]",
  description:
    "Each of the roles root, targets, snapshot and timestamp gets its own Ed25519 keys, " +
    "as many as its threshold. Signatures expire after 365, 90, 30 and 7 days unless --expires says " +
    "otherwise: the timestamp bounds how long a mirror can hide an update, so keep it short, and " +
    "run `breccia refresh` on a schedule. Move the root keys to a safe place afterwards.",
  example: "breccia init ./repo --app hello",
  operands: [1, 1],
  flags: {
    app: { type: "string", value: "NAME", help: "Name of the app" },
    order: {
      type: "string",
      value: "ORDER",
      default: "semver",
      help: "How versions are ordered: semver or pep440",
    },
    keys: { type: "string", value: "DIR", help: "Where private keys go (default DIR.keys)" },
    threshold: {
      type: "string",
      value: "ROLE=N",
      multiple: true,
      help: "How many keys must sign for a role (default 1)",
    },
    expires: {
      type: "string",
      value: "ROLE=DAYS",
      multiple: true,
      help: "How long a role's signatures stay valid",
    },
    "hash-bins": {
      type: "string",
      value: "BITS",
      help: "License releases in 2^BITS hash bins, for thousands of releases",
    },
    yes: { type: "boolean", short: "y", help: "Ask nothing, take the defaults" },
  },
  run: init,
};

const MOST_KEYS = 16;
const MOST_DAYS = 3650;

async function init(context: CommandContext): Promise<void> {
  const { args, flags, path, output, cwd } = context;
  const directory = path(args[0] as string);
  const app = flags.text("app") ?? await askName(context);
  checkName("the name of an app", app);
  const order = flags.text("order");
  if (order !== "semver" && order !== "pep440") {
    throw new BrecciaError("usage", `--order is "${order}": give semver or pep440`);
  }
  const thresholds = byRole(flags.integers("threshold", 1, MOST_KEYS));
  const expiryDays = new Map([
    ...DEFAULT_EXPIRY_DAYS,
    ...byRole(flags.integers("expires", 1, MOST_DAYS)),
  ]);
  const bits = flags.integer("hash-bins", 1, 10);
  const keys = keyDirectoryOf(context, directory);
  const store = await openStore(`fs:${directory}`, cwd);
  if (await store.head("metadata/timestamp.json") !== undefined) throw existing(directory);

  const signers = new Map<TopLevelRole, Signer[]>();
  for (const role of TOP_LEVEL_ROLES) {
    const made: Signer[] = [];
    for (let i = thresholds.get(role) ?? 1; i > 0; i--) made.push(await keys.generate(role));
    signers.set(role, made);
  }
  const config = { app, order, expiryDays } as const;
  await initRepository(store, { config, signers, thresholds, now: systemClock.now() });

  if (bits !== undefined) {
    const { key } = await keys.generate("bins");
    await delegateToHashBins(store, { bitLength: bits, keys: [key], threshold: 1 });
  }

  const root = `${directory}/metadata/1.root.json`;
  output.document({ repository: directory, keys: keys.path, root, app, order });
  output.print(`Made the repository of ${app} in ${directory}.`);
  output.print(`Private keys are in ${keys.path}: back them up, and move root-*.json offline.`);
  output.print(`Ship clients with ${root}: it is what they trust.`);
}

async function askName({ flags, output }: CommandContext): Promise<string> {
  if (flags.has("yes") || output.json || process.stdin.isTTY !== true) return flags.required("app");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question("Name of the app: ")).trim();
  } finally {
    terminal.close();
  }
}

function byRole(numbers: ReadonlyMap<string, number>): Map<TopLevelRole, number> {
  const roles = new Map<TopLevelRole, number>();
  for (const [name, number] of numbers) {
    const role = TOP_LEVEL_ROLES.find((role) => role === name);
    if (role === undefined) {
      throw new BrecciaError(
        "usage",
        `There is no role "${name}": give ${TOP_LEVEL_ROLES.join(", ")}`,
      );
    }
    roles.set(role, number);
  }
  return roles;
}

function existing(directory: string): BrecciaError {
  return new BrecciaError(
    "wrong-state",
    `Cannot make a repository in ${directory}: there is one already; choose another directory`,
  );
}
