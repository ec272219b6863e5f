import { equalBytes } from "../bytes/mod.ts";
import { BrecciaError, isBrecciaError } from "../errors.ts";
import type { Clock, ObjectStore } from "../ports/mod.ts";
import {
  type Metadata,
  ROOT_VERSION_FIELD,
  signMetadata,
  type Snapshot,
  type Targets,
} from "../tuf/mod.ts";
import { type AppConfig, loadConfig } from "./app_config.ts";
import { loadDraft, sameContent } from "./drafts.ts";
import { type KeyRing, signersFor } from "./key_ring.ts";
import { expiryOf, nextSnapshot, nextTimestamp, type SignedFile } from "./next_metadata.ts";
import {
  loadPublished,
  metadataKey,
  type PublishedMetadata,
  ruleOf,
} from "./published_metadata.ts";

/** What a publish did. */
export interface Publication {
  /** Roles that were signed, in the order they were written. */
  readonly signed: readonly ("targets" | "snapshot" | "timestamp")[];
  /** Version of the timestamp that clients see now. */
  readonly timestampVersion: number;
}

/** Attempts at the pointer before a rival publisher is reported. */
const ATTEMPTS = 8;

/** Version numbers tried when leftovers of crashed runs hold the next ones. */
const LEFTOVERS = 100;

/**
 * Signs what is staged and makes it visible: targets, snapshot, and the timestamp last of all. Files
 * with a version in their name are created, never replaced; the timestamp moves by a conditional
 * write. So a reader sees the old state or the new one, a crash anywhere is completed by the next
 * call, and of two publishers at once the slower one starts over from what the faster one made.
 *
 * @throws {BrecciaError} `keystore` when keys are missing; `storage-conflict` when rivals keep winning;
 * the codes of `loadPublished` and of the store.
 */
export async function publishRepository(
  store: ObjectStore,
  options: { readonly keys: KeyRing; readonly clock: Clock; readonly signal?: AbortSignal },
): Promise<Publication> {
  const config = await loadConfig(store);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    options.signal?.throwIfAborted();
    const published = await loadPublished(store);
    try {
      return await new Publisher(store, config, published, options.keys, options.clock.now())
        .publish();
    } catch (error) {
      if (!(error instanceof PointerMoved)) throw error;
    }
  }
  throw new BrecciaError(
    "storage-conflict",
    "Cannot publish: other publishers moved the timestamp each time; let them finish, then run it again",
  );
}

/** The timestamp is no longer the one that this publish started from. */
class PointerMoved extends Error {}

/** One attempt, from one state of the repository. */
class Publisher {
  readonly #store: ObjectStore;
  readonly #config: AppConfig;
  readonly #published: PublishedMetadata;
  readonly #keys: KeyRing;
  readonly #now: number;

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
  }

  async publish(): Promise<Publication> {
    const { root, timestamp } = this.#published;
    const targets = await this.#publishTargets();
    const snapshot = targets && await this.#publishSnapshot(targets);
    const announced = timestamp.unknown?.get(ROOT_VERSION_FIELD) === root.version;
    if (snapshot === undefined && announced) {
      return { signed: [], timestampVersion: timestamp.version };
    }
    const timestampVersion = await this.#publishTimestamp(snapshot);
    return {
      signed: [...(targets ? ["targets" as const, "snapshot" as const] : []), "timestamp"],
      timestampVersion,
    };
  }

  async #publishTargets(): Promise<SignedFile<Targets> | undefined> {
    const { targets } = this.#published;
    const draft = (await loadDraft(this.#store, targets)).targets;
    if (sameContent(draft, targets)) return undefined;
    const expires = expiryOf(this.#config, "targets", this.#now);
    return await this.#create("targets", { ...draft, version: targets.version + 1, expires });
  }

  async #publishSnapshot(targets: SignedFile<Targets>): Promise<SignedFile<Snapshot>> {
    const changed = new Map([["targets", targets]]);
    const snapshot = await nextSnapshot(
      this.#published.snapshot,
      changed,
      this.#config,
      this.#now,
    );
    return await this.#create("snapshot", snapshot);
  }

  async #publishTimestamp(snapshot: SignedFile<Snapshot> | undefined): Promise<number> {
    const { root, timestamp, timestampEtag } = this.#published;
    const next = await nextTimestamp(timestamp, snapshot, root, this.#config, this.#now);
    const bytes = await this.#sign("timestamp", next);
    try {
      await this.#store.put(metadataKey("timestamp"), bytes, { ifMatch: timestampEtag });
    } catch (error) {
      throw isBrecciaError(error, "storage-conflict") ? new PointerMoved() : error;
    }
    return next.version;
  }

  /**
   * Writes a new file under the first version number that is free. A number may be taken by a crashed
   * run or by a rival; nothing points to its file, but caches may know it, so it stays as it is.
   */
  async #create<T extends Targets | Snapshot>(
    role: T["type"],
    metadata: T,
  ): Promise<SignedFile<T>> {
    for (let skip = 0; skip < LEFTOVERS; skip++) {
      const next = { ...metadata, version: metadata.version + skip };
      const bytes = await this.#sign(role, next);
      try {
        await this.#store.put(metadataKey(role, next.version), bytes, { ifMatch: null });
        return { metadata: next, bytes };
      } catch (error) {
        if (!isBrecciaError(error, "storage-conflict")) throw error;
        const held = await this.#store.get(metadataKey(role, next.version));
        if (held !== undefined && equalBytes(held.bytes, bytes)) return { metadata: next, bytes };
      }
    }
    throw new BrecciaError(
      "repository-malformed",
      `Cannot publish ${role}: ${LEFTOVERS} files of later versions lie about; run \`breccia gc\``,
    );
  }

  async #sign(role: "targets" | "snapshot" | "timestamp", metadata: Metadata): Promise<Uint8Array> {
    const signers = await signersFor(this.#keys, ruleOf(this.#published.root, role), role);
    return await signMetadata(metadata, signers);
  }
}
