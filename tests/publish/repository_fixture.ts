import { MemoryStore } from "../../cache/stores/memory.ts";
import type { ManagedStore, ObjectSource } from "../../src/ports/mod.ts";
import {
  type AppConfig,
  DEFAULT_EXPIRY_DAYS,
  initRepository,
  type KeyRing,
} from "../../src/publish/mod.ts";
import {
  Ed25519Signer,
  MemoryMetadataStore,
  type MetadataSource,
  refresh,
  type Signer,
  TOP_LEVEL_ROLES,
  type TopLevelRole,
  type VerifiedMetadata,
} from "../../src/tuf/mod.ts";

/** 2026-01-01T00:00:00Z. */
export const NOW = Date.UTC(2026, 0, 1);

/** The clock of these tests. */
export const clock = { now: () => NOW };

export const CONFIG: AppConfig = {
  app: "hello",
  order: "semver",
  expiryDays: DEFAULT_EXPIRY_DAYS,
};

/** One key for each role, a function of the role. */
export async function roleSigners(): Promise<Map<TopLevelRole, Signer[]>> {
  const signers = new Map<TopLevelRole, Signer[]>();
  for (const [number, role] of TOP_LEVEL_ROLES.entries()) {
    signers.set(role, [await Ed25519Signer.fromSeed(new Uint8Array(32).fill(number + 1))]);
  }
  return signers;
}

/** The keys of `signers` without those of the roles in `missing`. */
export function keyRing(
  signers: ReadonlyMap<TopLevelRole, readonly Signer[]>,
  missing: readonly TopLevelRole[] = [],
): KeyRing {
  const kept = [...signers].filter(([role]) => !missing.includes(role));
  const byId = new Map(kept.flatMap(([, keys]) => keys.map((key) => [key.keyId, key])));
  return { signer: (keyId) => Promise.resolve(byId.get(keyId)) };
}

/** A fresh repository in memory. */
export async function newRepository(
  store: ManagedStore = new MemoryStore(),
): Promise<{ store: ManagedStore; keys: KeyRing }> {
  const signers = await roleSigners();
  await initRepository(store, { config: CONFIG, signers, thresholds: new Map(), now: NOW });
  return { store, keys: keyRing(signers) };
}

/** What a client with the first root makes of the repository; a new one unless it `kept` something. */
export async function refreshFrom(
  store: ObjectSource,
  kept: MemoryMetadataStore = new MemoryMetadataStore(),
  now: number = NOW,
): Promise<VerifiedMetadata> {
  const root = await store.get("metadata/1.root.json");
  return await refresh({ source: sourceOf(store), store: kept, trustedRoot: root?.bytes, now });
}

/** A mirror that hands out what `store` holds. */
export function sourceOf(store: ObjectSource): MetadataSource {
  return {
    fetch: async (name, { accept }) => {
      const object = await store.get(`metadata/${name}`);
      return object === undefined ? undefined : await accept(object.bytes);
    },
  };
}

/** Every object by key, for comparisons. */
export async function contentsOf(store: ManagedStore): Promise<Map<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  for await (const { key } of store.list("")) {
    contents.set(key, (await store.get(key))?.bytes as Uint8Array);
  }
  return contents;
}
