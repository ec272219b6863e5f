import { readFile } from "node:fs/promises";
import { DirectoryInstall } from "../../cache/device/directory_install.ts";
import { type UpdatePolicy, Updater } from "../client/mod.ts";
import { openSession, type Session } from "../install/mod.ts";
import { BrecciaError } from "../errors.ts";
import { type Clock, systemClock } from "../ports/mod.ts";
import type { CommandContext } from "./command.ts";
import type { FlagTable } from "./flag_table.ts";
import { fileError } from "./file_error.ts";

/** The flag of every command that works on an installation. */
export const AT_FLAG: FlagTable = {
  at: {
    type: "string",
    value: "DIR",
    help: "The installation: holds current, releases/ and state/",
  },
};

/** The flag of every command that judges expiry. */
export const TIME_FLAG: FlagTable = {
  now: {
    type: "string",
    value: "TIME",
    help: "Judge expiry at this time, for audits: 2026-11-21T00:00:00Z",
  },
};

/** Flags of the commands that ask mirrors. All but --at are remembered after the first update. */
export const DEVICE_FLAGS: FlagTable = {
  ...AT_FLAG,
  from: {
    type: "string",
    multiple: true,
    value: "URL",
    help: "A mirror; may be given several times",
  },
  adopt: {
    type: "boolean",
    help: "Install into a directory that holds other files; they are kept",
  },
  root: { type: "string", value: "FILE", help: "The publisher's root.json; needed the first time" },
  app: { type: "string", value: "NAME", help: "The app, where a repository holds several" },
  channel: { type: "string", value: "NAME", help: "The channel to follow; at first: stable" },
  ...TIME_FLAG,
  platform: { type: "string", value: "NAME", help: "The platform to follow; at first: any" },
};

/** Flags of the commands that move to a release. */
export const VERSION_FLAGS: FlagTable = {
  version: { type: "string", short: "V", value: "VERSION", help: "This version, not the newest" },
  "allow-downgrade": {
    type: "boolean",
    help: "Go down, too: faults that were mended since come back, and newer data may not be read",
  },
};

/** Opens the installation that `--at` names. */
export async function openDevice({ flags, path, output }: CommandContext): Promise<Session> {
  const target = new DirectoryInstall(path(flags.required("at")));
  const session = await openSession(target, { adopt: flags.has("adopt") });
  const { adopted } = session.installation;
  if (adopted.length > 0) output.log(`note: ${target.location} keeps ${adopted.join(", ")}`);
  return session;
}

/** Opens the client of the installation that `--at` names. */
export async function openUpdater(
  context: CommandContext,
): Promise<{ updater: Updater; session: Session }> {
  const { flags, path } = context;
  const session = await openDevice(context);
  const rootFile = flags.text("root");
  const policy: UpdatePolicy = {
    app: flags.text("app"),
    channel: flags.text("channel"),
    platform: flags.text("platform"),
    version: flags.text("version"),
    allowDowngrade: flags.has("allow-downgrade"),
  };
  const updater = Updater.open({
    root: rootFile === undefined ? undefined : await readRoot(path(rootFile)),
    mirrors: flags.texts("from"),
    install: session,
    cache: session.installation.files,
    policy,
    clock: clockOf(flags.text("now")),
  });
  return { updater, session };
}

/** The runtime's clock, or one that stands still at the time given. */
export function clockOf(time: string | undefined): Clock {
  if (time === undefined) return systemClock;
  const now = Date.parse(time);
  if (Number.isNaN(now)) {
    throw new BrecciaError("usage", `--now is "${time}": give a time as 2026-11-21T00:00:00Z`);
  }
  return { now: () => now };
}

/** A root metadata file that the caller named. */
export async function readRoot(file: string): Promise<Uint8Array> {
  return await readFile(file).catch((cause) => {
    throw fileError("read", file, cause);
  });
}
