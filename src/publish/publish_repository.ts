import { BrecciaError } from "../errors.ts";
import type { Clock, ObjectStore } from "../ports/mod.ts";
import {
  countedSignatures,
  ROOT_VERSION_FIELD,
  type SigningRule,
  type Targets,
} from "../tuf/mod.ts";
import { type AppConfig, loadConfig } from "./app_config.ts";
import { binsOf, delegatesOf, teamRule, withoutTeams } from "./delegation.ts";
import { loadDraft, sameContent } from "./drafts.ts";
import { canBeSigned, isCollected } from "./collected_signatures.ts";
import { availableSigners, type KeyRing } from "./key_ring.ts";
import { loadPublished, type PublishedMetadata, ruleOf, teamOf } from "./published_metadata.ts";
import { completeRoot, SIGNED_ROLES, type SignedRole } from "./next_root.ts";
import { PointerMoved, Publisher } from "./publisher.ts";
import { signingTime } from "./signing_time.ts";

/** What a publish did. */
export interface Publication {
  /** Roles and teams that were signed, in the order they were written. */
  readonly signed: readonly string[];
  /** Version of the timestamp that clients see now. */
  readonly timestampVersion: number;
  /** Roles and teams that wait for keys or signatures which are not at hand. */
  readonly pending: readonly string[];
}

/** What publishing needs. */
export interface PublishOptions {
  /** The private keys at hand. */
  readonly keys: KeyRing;
  /** Tells when signatures are made and thus when they expire. */
  readonly clock: Clock;
  /** Ends the call between two writes. */
  readonly signal?: AbortSignal;
}

/** Attempts at the pointer before a rival publisher is reported. */
const ATTEMPTS = 8;

const DAY = 86_400_000;

/**
 * Signs what is staged and makes it visible: targets, snapshot, and the timestamp last of all. Files
 * with a version in their name are created, never replaced; the timestamp moves by a conditional
 * write. So a reader sees the old state or the new one, a crash anywhere is completed by the next
 * call, and of two publishers at once the slower one starts over from what the faster one made.
 *
 * A drafted root is published with it when its signatures are complete, and is `pending` otherwise.
 *
 * @throws {BrecciaError} `keystore` when keys are missing; `expired` when collected signatures are too
 * old; `clock-wrong` when the clock is before the last signature; `storage-conflict` when rivals keep winning;
 * the codes of `loadPublished` and of the store.
 */
export function publishRepository(
  store: ObjectStore,
  options: PublishOptions,
): Promise<Publication> {
  return attempt(store, options, async (publisher, published) => {
    const root = await completeRoot(store, published, options.keys);
    const roles = new Set<SignedRole>();
    const draft = await loadDraft(store, "targets", published);
    if (!announcesRoot(published)) roles.add("timestamp");
    const pending = root === "pending" ? ["root"] : [];
    const teams: string[] = [];
    const held = new Set<string>();
    const collected = draft.file !== undefined &&
      isCollected(draft.file, published.targets.version + 1);
    for (
      const { name, known, canWait, rule } of await changedTeams(store, published, draft.metadata)
    ) {
      const { file } = await loadDraft(store, "targets", published, name);
      const version = teamOf(published, name).version + 1;
      // A team that lacks its keys keeps nobody waiting, unless clients would miss what they have of it.
      const waits = (canWait || (!known && !collected)) &&
        !await canBeSigned(file, version, rule, options.keys);
      (waits ? pending : teams).push(name);
      // Clients that walk over all roles must not meet one that has signed nothing.
      if (waits && !known) held.add(name);
    }
    const targets = withoutTeams(draft.metadata, held);
    if (!sameContent(targets, published.targets)) roles.add("targets");
    await publisher.publish(roles, teams, { root: root === "pending" ? undefined : root, held });
    return pending;
  });
}

/**
 * Signs anew, without any change, what has less than half of its life left: for a schedule, in the
 * midst of which others may publish. What is staged stays staged. A role whose keys are not at hand is
 * `pending`, unless it is needed for another; the root is never signed here, only reported.
 *
 * @throws {BrecciaError} as `publishRepository` does.
 */
export function refreshRepository(
  store: ObjectStore,
  options: PublishOptions,
): Promise<Publication> {
  return attempt(store, options, async (publisher, published, config) => {
    const now = signingTime(config, published, options.clock.now());
    const late = (expires: number, role: "root" | SignedRole) =>
      expires - now < (config.expiryDays.get(role) as number) * DAY / 2;
    const due = (role: "root" | SignedRole) => late(published[role].expires, role);
    const pending: string[] = due("root") ? ["root"] : [];
    const roles = new Set<SignedRole>();
    for (const role of SIGNED_ROLES.filter(due)) {
      const rule = ruleOf(published.root, role);
      const enough = (await availableSigners(options.keys, rule)).length >= rule.role.threshold;
      if (enough) roles.add(role);
      else pending.push(role);
    }
    if (!announcesRoot(published)) roles.add("timestamp");
    const teams: string[] = [];
    for (const [name, { signed }] of published.teams) {
      if (!late(signed.expires, "targets")) continue;
      const rule = teamRule(published.targets, name) as SigningRule;
      const enough = (await availableSigners(options.keys, rule)).length >= rule.role.threshold;
      (enough ? teams : pending).push(name);
    }
    await publisher.renew(roles, teams);
    return pending;
  });
}

interface ChangedTeam {
  readonly name: string;
  /** True when it published something, or has to since paths can't be found to be missing without it. */
  readonly known: boolean;
  /** True when what it published before still counts. */
  readonly canWait: boolean;
  readonly rule: SigningRule;
}

/** Teams with something staged, with nothing signed yet, or whose keys changed. */
async function changedTeams(
  store: ObjectStore,
  published: PublishedMetadata,
  targets: Targets,
): Promise<readonly ChangedTeam[]> {
  const changed: ChangedTeam[] = [];
  const isBin = binsOf(targets) !== undefined;
  for (const { name } of delegatesOf(targets)) {
    const file = published.teams.get(name);
    const { metadata } = await loadDraft(store, "targets", published, name);
    const rule = teamRule(targets, name) as SigningRule;
    const visible = file !== undefined &&
      (await countedSignatures(file, rule)).size >= rule.role.threshold;
    if (visible && sameContent(metadata, file.signed)) continue;
    changed.push({ name, known: file !== undefined || isBin, canWait: visible, rule });
  }
  return changed;
}

/** False after a publisher died between a new root and the timestamp that tells of it. */
function announcesRoot({ root, timestamp }: PublishedMetadata): boolean {
  return timestamp.unknown?.get(ROOT_VERSION_FIELD) === root.version;
}

async function attempt(
  store: ObjectStore,
  options: PublishOptions,
  run: (
    publisher: Publisher,
    published: PublishedMetadata,
    config: AppConfig,
  ) => Promise<Publication["pending"]>,
): Promise<Publication> {
  const config = await loadConfig(store);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    options.signal?.throwIfAborted();
    const published = await loadPublished(store);
    const now = signingTime(config, published, options.clock.now());
    const publisher = new Publisher(store, config, published, options.keys, now);
    try {
      const pending = await run(publisher, published, config);
      const { signed, timestampVersion } = publisher;
      return { signed, timestampVersion, pending };
    } catch (error) {
      if (!(error instanceof PointerMoved)) throw error;
    }
  }
  throw new BrecciaError(
    "storage-conflict",
    "Cannot publish: other publishers moved the timestamp each time; let them finish, then run it again",
  );
}
