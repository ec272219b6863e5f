import { BrecciaError } from "../errors.ts";
import { UPDATE_STATES, type UpdateState } from "./update_state.ts";

/** One release on the device. */
export interface InstalledRelease {
  /** Name of the app. */
  readonly app: string;
  /** Its version. */
  readonly version: string;
  /** Name of the platform. */
  readonly platform: string;
  /** Name of its tree, and of its index among the state files. */
  readonly tree: string;
  /** SHA-256 of its index in hex, as it was signed when the release was installed. */
  readonly index: string;
}

/** What a device follows, remembered so that later commands need not repeat it. */
export interface Subscription {
  /** Name of the app. */
  readonly app: string;
  /** The role that signed what was installed: another one's word on the app does not count. */
  readonly role?: string | undefined;
  /** Name of the channel. */
  readonly channel: string;
  /** Name of the platform. */
  readonly platform: string;
  /** Base URLs of the mirrors, in the order in which they are asked. */
  readonly mirrors: readonly string[];
}

/** What an installation remembers beside its trees: `state/state.json`. */
export interface InstallRecord {
  /** How far an update has come. */
  readonly state: UpdateState;
  /** What the device follows. */
  readonly subscription?: Subscription | undefined;
  /** The release that runs. */
  readonly current?: InstalledRelease | undefined;
  /** The one before, kept whole for a rollback. */
  readonly previous?: InstalledRelease | undefined;
  /** The one that an update is bringing, or has brought. */
  readonly staged?: InstalledRelease | undefined;
  /** What the device will follow once what is staged runs. */
  readonly following?: Subscription | undefined;
  /** What a rollback left. It is not brought again by itself before a newer version is published. */
  readonly held?: InstalledRelease | undefined;
}

/** A device on which nothing has happened yet. */
export const EMPTY_RECORD: InstallRecord = { state: "inactive" };

const FORMAT = 1;

/** The record as it is kept: JSON, readable by people. */
export function encodeRecord(record: InstallRecord): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify({ format: FORMAT, ...record }, null, 2) + "\n");
}

/**
 * Reads a record.
 *
 * @throws {BrecciaError} `storage-corrupt` when it is not one that this program wrote.
 */
export function decodeRecord(bytes: Uint8Array): InstallRecord {
  let fields: Record<string, unknown> | undefined;
  try {
    fields = fieldsOf(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw corrupt("it is not JSON", cause);
  }
  if (fields?.["format"] !== FORMAT) throw corrupt(`its format is not ${FORMAT}`);
  const state = UPDATE_STATES.find((name) => name === fields["state"]);
  if (state === undefined) throw corrupt("its state is none that there is");
  return {
    state,
    subscription: readSubscription(fields["subscription"]),
    following: readSubscription(fields["following"]),
    held: readRelease(fields["held"], "held"),
    current: readRelease(fields["current"], "current"),
    previous: readRelease(fields["previous"], "previous"),
    staged: readRelease(fields["staged"], "staged"),
  };
}

function readSubscription(value: unknown): Subscription | undefined {
  if (value === undefined) return undefined;
  const { app, role, channel, platform, mirrors } = fieldsOf(value) ?? {};
  if (
    !isText(app) || (role !== undefined && !isText(role)) || !isText(channel) ||
    !isText(platform) || !Array.isArray(mirrors) ||
    !mirrors.every(isText)
  ) throw corrupt("its subscription is broken");
  return { app, role, channel, platform, mirrors };
}

function readRelease(value: unknown, which: string): InstalledRelease | undefined {
  if (value === undefined) return undefined;
  const { app, version, platform, tree, index } = fieldsOf(value) ?? {};
  if (
    !isText(app) || !isText(version) || !isText(platform) || !isText(tree) ||
    !/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(tree) || !isText(index) || !/^[0-9a-f]{64}$/.test(index)
  ) throw corrupt(`its ${which} release is broken`);
  return { app, version, platform, tree, index };
}

function fieldsOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function corrupt(why: string, cause?: unknown): BrecciaError {
  return new BrecciaError(
    "storage-corrupt",
    `Cannot read the installation's record (state/state.json): ${why}; restore it, or install anew`,
    { cause },
  );
}
