import { readReleaseClaim, type ReleaseInfo } from "../index/mod.ts";
import { BrecciaError } from "../errors.ts";
import {
  partyOf,
  type RoleFailure,
  type VerifiedMetadata,
  type VerifiedTarget,
} from "../tuf/mod.ts";

/** A release that signed metadata offers, and the target that is its index. */
export interface OfferedRelease {
  readonly info: ReleaseInfo;
  readonly index: VerifiedTarget;
  /** SHA-256 of the index in hex, as signed. */
  readonly indexSha256: string;
  /** The role that vouches for it: `targets`, or a team. */
  readonly role: string;
}

/** The releases of one app, all of one role. */
export interface AppReleases {
  /** In the order in which metadata lists them, withdrawn ones too. */
  readonly releases: readonly OfferedRelease[];
  /** What was left out, and why, for people. */
  readonly notes: readonly string[];
}

/** What a device follows: an app, and whose word on it counts. */
export interface FollowedApp {
  /** Without it: the only app of the first role that offers one. */
  readonly app?: string | undefined;
  /** The role whose release is installed. It stays the app's as long as it licenses a release of it. */
  readonly role?: string | undefined;
  /** Which releases count where the app is not named. */
  readonly fits: (info: ReleaseInfo) => boolean;
  /** Ends the walk over the roles. */
  readonly signal?: AbortSignal | undefined;
}

/** Notes on claims that are ignored; stops a role that floods people with them. */
const NOTES = 8;

/**
 * The releases of the followed app. What a target says of itself counts as far as its path and the role
 * that may sign the path go (docs/adr/0053-an-app-belongs-to-a-role.md): one app has one role, and what
 * others say of it is left out, which stops nobody. Only roles that may speak of the app are asked, and one
 * that can't be used stops those alone whose app it may have.
 *
 * `several` lists the apps when none is named and the first role that offers any has more than one.
 */
export async function followApp(
  metadata: VerifiedMetadata,
  { app, role, fits, signal }: FollowedApp,
): Promise<AppReleases & { readonly several?: readonly string[] }> {
  const { claimed, refusals, failures } = await readClaims(metadata, app, signal);
  refuseUnknown(failures, { app, role, claimed });
  const first = app === undefined ? firstOffered(claimed, fits) : [app];
  if (first.length !== 1) return { releases: [], notes: [], several: first };
  const [followed] = first as [string];
  const parties = claimed.get(followed) ?? new Map<string, OfferedRelease[]>();
  // Roles come in delegation order: whom the publisher asks first has the first word.
  const owner = role !== undefined && parties.has(role) ? role : [...parties.keys()][0];
  const notes = refusals.filter((one) => one.app === followed).map(({ note }) => note);
  for (const { role, error } of failures) {
    notes.push(`the role ${role} is unavailable, its releases are not seen: ${error.message}`);
  }
  for (const party of parties.keys()) {
    if (party === owner) continue;
    notes.push(`the role ${party} signs releases of ${followed}, too: ignored, ${owner} has it`);
  }
  if (role !== undefined && owner !== undefined && owner !== role) {
    notes.push(`${followed} is signed by the role ${owner} now: ${role} licenses no release of it`);
  }
  const releases = owner === undefined ? [] : parties.get(owner) ?? [];
  const order = releases[0]?.info.order;
  return {
    releases: releases.filter(({ info }) => info.order === order),
    notes: notes.slice(0, NOTES),
  };
}

interface Claims {
  /** By app, then by role, both in delegation order. */
  readonly claimed: ReadonlyMap<string, ReadonlyMap<string, OfferedRelease[]>>;
  readonly refusals: readonly { readonly app: string; readonly note: string }[];
  /** Roles that may speak of the app and can't be used. */
  readonly failures: readonly RoleFailure[];
}

/**
 * Not knowing is never "nothing new": throws where a role that failed may be the app's own. That is the role
 * whose release is installed, or, before there is one, any unless the top-level role has the app.
 */
function refuseUnknown(
  failures: readonly RoleFailure[],
  { app, role, claimed }: {
    readonly app: string | undefined;
    readonly role: string | undefined;
    readonly claimed: Claims["claimed"];
  },
): void {
  const isOwned = (parties: ReadonlyMap<string, unknown> | undefined): boolean =>
    parties?.keys().next().value === "targets";
  const settled = app === undefined
    ? [...claimed.values()].some(isOwned)
    : isOwned(claimed.get(app));
  const failed = role === undefined
    ? settled ? undefined : failures[0]
    : failures.find((failure) => failure.role === role);
  if (failed === undefined) return;
  const { code, message } = failed.error;
  throw new BrecciaError(
    code,
    `Cannot know of news of ${
      app ?? "any app"
    }: the role ${failed.role}, which may sign its releases, ` +
      `is unavailable. ${message}`,
    { cause: failed.error },
  );
}

async function readClaims(
  metadata: VerifiedMetadata,
  app: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Claims> {
  const failures: RoleFailure[] = [];
  const walk = metadata.allTargets({
    onRoleFailure: (failure) => void failures.push(failure),
    // The names of a release's files begin with its app (docs/formats/release-index.md).
    wanted: app === undefined ? undefined : [`${app}-*`],
    signal,
  });
  const claimed = new Map<string, Map<string, OfferedRelease[]>>();
  const refusals: { app: string; note: string }[] = [];
  for await (const index of walk) {
    const claim = readReleaseClaim(index.path, index.custom);
    const indexSha256 = index.hashes.get("sha256");
    if (claim === undefined || indexSha256 === undefined) continue;
    const role = partyOf(metadata, index);
    if ("refusal" in claim) {
      const { app, version, refusal } = claim;
      const what = JSON.stringify(`${app} ${version}`);
      refusals.push({ app, note: `${index.path} of the role ${role} is no ${what}: ${refusal}` });
      continue;
    }
    const { info } = claim;
    const parties = claimed.get(info.app) ?? new Map<string, OfferedRelease[]>();
    claimed.set(info.app, parties);
    const releases = parties.get(role) ?? [];
    parties.set(role, releases);
    releases.push({ info, index, indexSha256, role });
  }
  return { claimed, refusals, failures };
}

/** The apps that fit, of the first role that owns any: a team's further app leaves nobody in doubt. */
function firstOffered(claimed: Claims["claimed"], fits: FollowedApp["fits"]): readonly string[] {
  const apps = new Map<string, string[]>();
  for (const [app, parties] of claimed) {
    const [first] = parties;
    if (first === undefined || !first[1].some(({ info }) => fits(info))) continue;
    const [role] = first;
    apps.set(role, [...apps.get(role) ?? [], app]);
  }
  return [...apps.values()][0] ?? [];
}
