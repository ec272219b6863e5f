import { BrecciaError } from "../errors.ts";
import { appOfPath, isAppName, type VersionOrder } from "../index/mod.ts";
import type { ObjectSource } from "../ports/mod.ts";
import {
  isJsonObject,
  type JsonValue,
  parseJson,
  stringifyJson,
  TOP_LEVEL_ROLES,
  type TopLevelRole,
} from "../tuf/mod.ts";

/** What a repository's own tools know of it, beside what is signed. Holds no secret. */
export interface AppConfig {
  /** Name of the app, the first part of every target path. */
  readonly app: string;
  /** How its versions are ordered. */
  readonly order: VersionOrder;
  /** How long a signature of each role stays valid, in days. */
  readonly expiryDays: ReadonlyMap<TopLevelRole, number>;
}

/** Where it is kept: beside the published folders, not in them. */
export const CONFIG_KEY = ".breccia/app.json";

/**
 * Root and targets keys are rarely at hand, so their signatures live long. Timestamp and snapshot bound
 * how long a mirror can withhold an update unnoticed: a week is as long as a publisher without a
 * scheduled `breccia refresh` can be expected to come back in, and lets a gateway live through days
 * without uplink.
 */
export const DEFAULT_EXPIRY_DAYS: ReadonlyMap<TopLevelRole, number> = new Map([
  ["root", 365],
  ["targets", 90],
  ["snapshot", 30],
  ["timestamp", 7],
]);

const FORMAT = 1;

/** Names of apps, platforms and channels: safe in file names, URLs and shells. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;

/**
 * Refuses a name of an app, platform or channel that files, URLs or shells could misread.
 *
 * @throws {BrecciaError} `usage`
 */
export function checkName(what: string, name: string): void {
  if (!NAME.test(name)) {
    throw new BrecciaError(
      "usage",
      `Cannot use ${JSON.stringify(name)} as ${what}: take up to 64 letters, digits, dots, ` +
        "hyphens and underscores, a letter or digit first and last",
    );
  }
}

/**
 * Refuses a name of an app whose releases would lie where those of another app do: `demo-2.0` 1.0.0 and
 * `demo` 2.0-1.0.0 have one path.
 *
 * @throws {BrecciaError} `usage`
 */
export function checkAppName(app: string): void {
  checkName("the name of an app", app);
  if (isAppName(app)) return;
  throw new BrecciaError(
    "usage",
    `Cannot use ${
      JSON.stringify(app)
    } as the name of an app: after a hyphen it has what reads as a ` +
      `version of ${JSON.stringify(appOfPath(app))}; write it without that hyphen`,
  );
}

/** The bytes of a configuration. */
export function encodeConfig(config: AppConfig): Uint8Array<ArrayBuffer> {
  const json = new Map<string, JsonValue>([
    ["format", FORMAT],
    ["app", config.app],
    ["order", config.order],
    ["expiryDays", new Map<string, JsonValue>(config.expiryDays)],
  ]);
  return new TextEncoder().encode(stringifyJson(json) + "\n");
}

/**
 * Reads the configuration of the repository in `store`.
 *
 * @throws {BrecciaError} `repository-malformed` when there is none or it is broken.
 */
export async function loadConfig(store: ObjectSource): Promise<AppConfig> {
  const object = await store.get(CONFIG_KEY);
  if (object === undefined) {
    throw new BrecciaError(
      "repository-malformed",
      `Cannot find a repository: ${CONFIG_KEY} is missing; make one with \`breccia init\``,
    );
  }
  const config = readConfig(object.bytes);
  if (config === undefined) {
    throw new BrecciaError(
      "repository-malformed",
      `Cannot read ${CONFIG_KEY}: it is not what \`breccia init\` writes; restore it from a backup`,
    );
  }
  return config;
}

function readConfig(bytes: Uint8Array): AppConfig | undefined {
  const json = parseJson(bytes, CONFIG_KEY);
  if (!isJsonObject(json) || json.get("format") !== FORMAT) return undefined;
  const [app, order, days] = [json.get("app"), json.get("order"), json.get("expiryDays")];
  if (typeof app !== "string" || !NAME.test(app) || !isJsonObject(days)) return undefined;
  if (order !== "semver" && order !== "pep440") return undefined;
  const expiryDays = new Map<TopLevelRole, number>();
  for (const role of TOP_LEVEL_ROLES) {
    const count = days.get(role);
    if (typeof count !== "number" || count < 1) return undefined;
    expiryDays.set(role, count);
  }
  return { app, order, expiryDays };
}
