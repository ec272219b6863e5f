import { equalBytes } from "../bytes/mod.ts";
import { BrecciaError, isBrecciaError } from "../errors.ts";
import type { ObjectStore } from "../ports/mod.ts";
import {
  readMetadata,
  type Root,
  ROOT_VERSION_FIELD,
  type Signer,
  type SigningRule,
  signMetadata,
  type Snapshot,
  type Targets,
  type Timestamp,
  type UnverifiedMetadata,
} from "../tuf/mod.ts";
import type { AppConfig } from "./app_config.ts";
import { ceremonyState, isComplete } from "./ceremony.ts";
import { isCollected, withSignersHere } from "./collected_signatures.ts";
import { teamRule, withoutTeams } from "./delegation.ts";
import { loadDraft } from "./drafts.ts";
import { availableSigners, type KeyRing, signersFor } from "./key_ring.ts";
import { rolesToResign, SIGNED_ROLES, type SignedRole } from "./next_root.ts";
import { expiryOf, nextSnapshot, nextTimestamp, type SignedFile } from "./next_metadata.ts";
import {
  metadataKey,
  PREPARED_TIMESTAMP_KEY,
  type PublishedMetadata,
  ruleOf,
  teamOf,
} from "./published_metadata.ts";

/** The timestamp is no longer the one that this attempt started from. */
export class PointerMoved extends Error {}

/** Version numbers tried when leftovers of crashed runs hold the next ones. */
const LEFTOVERS = 100;

/** One attempt at publishing, from one state of the repository. */
export class Publisher {
  /** Roles that were signed, in the order they were written. */
  readonly signed: string[] = [];
  readonly #store: ObjectStore;
  readonly #config: AppConfig;
  readonly #published: PublishedMetadata;
  readonly #keys: KeyRing;
  readonly #now: number;
  /** The root that clients of the current state follow, and the one that they will. */
  #roots: readonly [before: Root, after: Root];
  #timestamp: Timestamp;
  #timestampEtag: string;
  /** A root that goes before the timestamp, since the old keys can't sign what it is to find. */
  #rootToGoFirst: UnverifiedMetadata<"root"> | undefined;
  #held: ReadonlySet<string> = new Set();
  /** Whether what is staged is published along. */
  #staged = true;

  constructor(
    store: ObjectStore,
    config: AppConfig,
    published: PublishedMetadata,
    keys: KeyRing,
    now: number,
  ) {
    this.#store = store;
    this.#config = config;
    this.#published = published;
    this.#keys = keys;
    this.#now = now;
    this.#roots = [published.root, published.root];
    this.#timestamp = published.timestamp;
    this.#timestampEtag = published.timestampEtag;
  }

  /** Version of the timestamp that clients see. */
  get timestampVersion(): number {
    return this.#timestamp.version;
  }

  /**
   * Writes new metadata for `roles`, then a new root if there is one.
   *
   * A new root is visible as soon as it is written, and the timestamp moves on its own: so that no client
   * meets a root whose keys have not signed what it finds, everything is signed by the old keys and
   * the new ones first, the root follows, and in the end a timestamp that announces it. Only where old keys
   * are lost does the root go before the timestamp.
   */
  async publish(
    roles: ReadonlySet<SignedRole>,
    teams: readonly string[],
    { root, held }: {
      readonly root?: UnverifiedMetadata<"root"> | undefined;
      /** Teams whose delegation stays staged. */
      readonly held: ReadonlySet<string>;
    },
  ): Promise<void> {
    this.#held = held;
    if (root === undefined) return await this.#publishRoles(roles, teams);
    this.#roots = [this.#published.root, root.signed];
    const affected = new Set([...roles, ...await rolesToResign(this.#published, root.signed)]);
    if (!await this.#hasOldKeys(affected)) this.#rootToGoFirst = root;
    await this.#publishRoles(affected, teams);
    if (!this.signed.includes("root")) await this.#writeRoot(root);
    if (!this.#announces(root.signed)) await this.#publishTimestamp(undefined);
  }

  /** Signs `roles` and `teams` anew as they are published, whatever is staged. */
  async renew(roles: ReadonlySet<SignedRole>, teams: readonly string[]): Promise<void> {
    this.#staged = false;
    await this.#publishRoles(roles, teams);
  }

  /** True when the timestamp tells clients of this root. */
  #announces(root: Root): boolean {
    return this.#timestamp.unknown?.get(ROOT_VERSION_FIELD) === root.version;
  }

  async #hasOldKeys(roles: ReadonlySet<SignedRole>): Promise<boolean> {
    for (const role of withParents(roles)) {
      const rule = ruleOf(this.#roots[0], role);
      if ((await availableSigners(this.#keys, rule)).length < rule.role.threshold) return false;
    }
    return true;
  }

  async #writeRoot(root: UnverifiedMetadata<"root">): Promise<void> {
    const key = metadataKey("root", root.signed.version);
    try {
      await this.#store.put(key, root.bytes, { ifMatch: null });
    } catch (error) {
      if (isBrecciaError(error, "storage-conflict")) throw new PointerMoved();
      throw error;
    }
    this.signed.push("root");
    this.#roots = [root.signed, root.signed];
  }

  async #publishRoles(roles: ReadonlySet<SignedRole>, teams: readonly string[]): Promise<void> {
    const wanted = withParents(teams.length === 0 ? roles : new Set([...roles, "snapshot"]));
    const changed = new Map<string, SignedFile<Targets>>();
    for (const team of teams) changed.set(team, await this.#publishTeam(team));
    if (wanted.has("targets")) changed.set("targets", await this.#publishTargets());
    const snapshot = wanted.has("snapshot") ? await this.#publishSnapshot(changed) : undefined;
    if (wanted.has("timestamp")) await this.#publishTimestamp(snapshot);
  }

  async #publishTeam(name: string): Promise<SignedFile<Targets>> {
    const published = teamOf(this.#published, name);
    const [targets, team] = this.#staged
      ? [
        (await loadDraft(this.#store, "targets", this.#published)).metadata,
        (await loadDraft(this.#store, "targets", this.#published, name)).metadata,
      ]
      : [this.#published.targets, published];
    const rule = teamRule(targets, name) as SigningRule;
    const version = published.version + 1;
    const collected = this.#staged ? await this.#collected(name, version) : undefined;
    if (collected !== undefined) return await this.#publishCollected(name, collected, rule);
    const signers = await signersFor(this.#keys, rule, name);
    const expires = expiryOf(this.#config, "targets", this.#now);
    return await this.#create(name, { ...team, version, expires }, signers);
  }

  async #publishTargets(): Promise<SignedFile<Targets>> {
    const version = this.#published.targets.version + 1;
    const expires = expiryOf(this.#config, "targets", this.#now);
    if (!this.#staged) {
      const renewed = { ...this.#published.targets, version, expires };
      return await this.#create("targets", renewed, await this.#signers("targets"));
    }
    const collected = await this.#collected("targets", version);
    if (collected !== undefined) {
      const rule = ruleOf(this.#roots[1], "targets");
      return await this.#publishCollected("targets", collected, rule);
    }
    const draft = await loadDraft(this.#store, "targets", this.#published);
    const next = { ...withoutTeams(draft.metadata, this.#held), version, expires };
    return await this.#create("targets", next, await this.#signers("targets"));
  }

  /** The draft of targets or a team, when signatures were collected on it and it can still be published. */
  async #collected(
    name: string,
    version: number,
  ): Promise<UnverifiedMetadata<"targets"> | undefined> {
    const { file } = await loadDraft(this.#store, "targets", this.#published, name);
    return file !== undefined && isCollected(file, version) ? file : undefined;
  }

  /** What signatures were collected on: they fix its version and expiry. */
  async #publishCollected(
    name: string,
    draft: UnverifiedMetadata<"targets">,
    rule: SigningRule,
  ): Promise<SignedFile<Targets>> {
    const { file, state } = await withSignersHere(draft, rule, this.#keys);
    if (!isComplete(state)) {
      throw new BrecciaError(
        "keystore",
        `Cannot publish ${name}: ${
          state.counts[0]?.counted
        } of ${rule.role.threshold} signatures ` +
          `are there; collect the others with \`breccia sign ${name}\``,
      );
    }
    if (state.expires <= this.#now) {
      throw new BrecciaError(
        "expired",
        `Cannot publish ${name}: what was signed expired before it was published; sign it again ` +
          `with \`breccia sign ${name} --key FILE\``,
      );
    }
    const key = metadataKey(name, state.version);
    if (!await this.#createFile(key, file.bytes)) {
      // A crashed run may have written it with other signatures; what it says has to be the same.
      const held = (await this.#store.get(key))?.bytes;
      const left = held === undefined ? undefined : readMetadata(held, "targets", key);
      const usable = left !== undefined && equalBytes(left.signedBytes, file.signedBytes) &&
        isComplete(await ceremonyState(left, [rule]));
      if (!usable) {
        throw new BrecciaError(
          "repository-malformed",
          `Cannot publish ${name}: a run that ended early left another ${key}; nothing leads to it, ` +
            "so remove it and publish again",
        );
      }
      this.signed.push(name);
      return { metadata: left.signed, bytes: left.bytes };
    }
    this.signed.push(name);
    return { metadata: file.signed, bytes: file.bytes };
  }

  async #publishSnapshot(
    changed: ReadonlyMap<string, SignedFile<Targets>>,
  ): Promise<SignedFile<Snapshot>> {
    const { snapshot } = this.#published;
    const next = await nextSnapshot(snapshot, changed, this.#config, this.#now);
    return await this.#create("snapshot", next, await this.#signers("snapshot"));
  }

  async #publishTimestamp(snapshot: SignedFile<Snapshot> | undefined): Promise<void> {
    const root = this.#roots[0];
    const next = await nextTimestamp(this.#timestamp, snapshot, root, this.#config, this.#now);
    const bytes = await signMetadata(next, await this.#signers("timestamp"));
    if (this.#rootToGoFirst !== undefined) {
      await this.#store.put(PREPARED_TIMESTAMP_KEY, bytes);
      await this.#writeRoot(this.#rootToGoFirst);
      this.#rootToGoFirst = undefined;
    }
    try {
      const ifMatch = this.#timestampEtag;
      this.#timestampEtag = await this.#store.put(metadataKey("timestamp"), bytes, { ifMatch });
    } catch (error) {
      throw isBrecciaError(error, "storage-conflict") ? new PointerMoved() : error;
    }
    this.#timestamp = next;
    if (!this.signed.includes("timestamp")) this.signed.push("timestamp");
  }

  /**
   * Writes a new file under the first version number that is free. A number may be taken by a crashed
   * run or by a rival; nothing points to its file, but caches may know it, so it stays as it is.
   */
  async #create<T extends Targets | Snapshot>(
    role: string,
    metadata: T,
    signers: readonly Signer[],
  ): Promise<SignedFile<T>> {
    for (let skip = 0; skip < LEFTOVERS; skip++) {
      const next = { ...metadata, version: metadata.version + skip };
      const bytes = await signMetadata(next, signers);
      if (await this.#createFile(metadataKey(role, next.version), bytes)) {
        this.signed.push(role);
        return { metadata: next, bytes };
      }
    }
    throw new BrecciaError(
      "repository-malformed",
      `Cannot publish ${role}: ${LEFTOVERS} files of later versions lie about; remove those above ` +
        "the version that the timestamp leads to",
    );
  }

  /** False when other bytes have that name already. */
  async #createFile(key: string, bytes: Uint8Array): Promise<boolean> {
    try {
      await this.#store.put(key, bytes, { ifMatch: null });
      return true;
    } catch (error) {
      if (!isBrecciaError(error, "storage-conflict")) throw error;
      const held = await this.#store.get(key);
      return held !== undefined && equalBytes(held.bytes, bytes);
    }
  }

  /** The keys that sign for the root to come, and what is at hand of the root before. */
  async #signers(role: SignedRole): Promise<readonly Signer[]> {
    const [before, after] = this.#roots;
    const signers = await signersFor(this.#keys, ruleOf(after, role), role);
    const old = before === after ? [] : await availableSigners(this.#keys, ruleOf(before, role));
    return [...signers, ...old];
  }
}

/** With targets goes the snapshot that lists it, and with that the timestamp that points to it. */
function withParents(roles: ReadonlySet<SignedRole>): ReadonlySet<SignedRole> {
  const lowest = SIGNED_ROLES.findIndex((role) => roles.has(role));
  return new Set(lowest === -1 ? [] : SIGNED_ROLES.slice(lowest));
}
