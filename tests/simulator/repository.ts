import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { binName } from "../../src/tuf/hash_bins.ts";
import {
  type DelegatedRole,
  Ed25519Signer,
  fileNameOf,
  type JsonObject,
  type KeyId,
  type Metadata,
  type MetaFile,
  type Root,
  ROOT_VERSION_FIELD,
  type Signer,
  signMetadata,
  type Snapshot,
  SPEC_VERSION,
  type TargetFile,
  type Targets,
  type Timestamp,
  TOP_LEVEL_ROLES,
  type TopLevelRole,
} from "../../src/tuf/mod.ts";

/** The models of `src/tuf` with their fields open to change. */
type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

/** One minute of the simulated repository's life, in milliseconds. */
export const MINUTE = 60_000;

/** One day in milliseconds. */
export const DAY = 24 * 60 * MINUTE;

/** When every simulated story begins. */
export const START = Date.UTC(2031, 0, 1);

/**
 * A repository in memory that can lie in every field: its models are open to change, it signs whatever
 * they say, and what it serves can be replaced byte by byte.
 */
export class SimulatedRepository {
  readonly signers = new Map<string, Signer[]>();
  readonly root: Mutable<Root>;
  readonly timestamp: Mutable<Timestamp>;
  readonly snapshot: Mutable<Snapshot> & { meta: Map<string, MetaFile> };
  /** Targets metadata by role: `"targets"` and the delegated ones. */
  readonly targets = new Map<string, Mutable<Targets>>();
  /** What it serves, by name: change it to lie about bytes. */
  readonly served = new Map<string, Uint8Array>();
  /** Whether snapshot and timestamp give lengths and hashes. */
  describesFiles = true;

  private constructor() {
    const head = { specVersion: SPEC_VERSION, version: 1, expires: START + 60 * DAY };
    this.root = {
      type: "root",
      ...head,
      consistentSnapshot: true,
      keys: new Map(),
      roles: new Map(),
    };
    this.timestamp = { type: "timestamp", ...head, snapshot: { version: 1 } };
    this.snapshot = { type: "snapshot", ...head, meta: new Map() };
    this.targets.set("targets", { type: "targets", ...head, targets: new Map() });
  }

  /** A repository with one key for each role, nothing published yet. */
  static async create(): Promise<SimulatedRepository> {
    const repository = new SimulatedRepository();
    for (const role of TOP_LEVEL_ROLES) await repository.setKeys(role, 1, 1);
    return repository;
  }

  /** A repository whose first version is published. */
  static async published(): Promise<SimulatedRepository> {
    const repository = await SimulatedRepository.create();
    await repository.publishRoot();
    await repository.publish();
    return repository;
  }

  /** Lets everything expire at `expires`, in milliseconds since 1970. */
  expireAll(expires: number): void {
    const date = Math.floor(expires / 1000) * 1000;
    const files = [this.root, this.timestamp, this.snapshot, ...this.targets.values()];
    for (const file of files) file.expires = date;
  }

  /** Gives a top-level role `count` new keys; the root must be published to take effect. */
  async setKeys(role: TopLevelRole, count: number, threshold: number): Promise<Signer[]> {
    const signers = await generateSigners(count);
    this.signers.set(role, signers);
    this.setRole(role, signers, threshold);
    return signers;
  }

  /** Lists the keys of `signers` in the root for `role`. */
  setRole(role: TopLevelRole, signers: readonly Signer[], threshold: number): void {
    const keys = new Map(this.root.keys);
    for (const signer of signers) keys.set(signer.keyId, signer.key);
    this.root.keys = keys;
    const keyIds = signers.map(({ keyId }) => keyId);
    this.root.roles = new Map([...this.root.roles, [role, { keyIds, threshold }]]);
  }

  /** Serves the root under its version, signed by its own keys and by `others`. */
  async publishRoot(others: readonly Signer[] = []): Promise<Uint8Array> {
    const bytes = await this.sign("root", this.root, others);
    this.served.set(fileNameOf("root", this.root.version), bytes);
    return bytes;
  }

  /** Makes the next root version, signed by the keys of this one too. */
  async rotateRoot(change: () => void | Promise<unknown>): Promise<Uint8Array> {
    const old = this.signers.get("root") ?? [];
    await change();
    this.root.version++;
    return await this.publishRoot(old);
  }

  /** Adds a target to a role. */
  async addTarget(path: string, content: Uint8Array, role = "targets"): Promise<TargetFile> {
    const file = {
      length: content.length,
      hashes: new Map([["sha256", encodeHex(await sha256(content))]]),
    };
    const targets = this.role(role);
    targets.targets = new Map([...targets.targets, [path, file]]);
    return file;
  }

  /** The targets metadata of a role, created when there is none. */
  role(name: string): Mutable<Targets> {
    let targets = this.targets.get(name);
    if (targets === undefined) {
      const { specVersion, expires } = this.root;
      targets = { type: "targets", specVersion, version: 1, expires, targets: new Map() };
      this.targets.set(name, targets);
    }
    return targets;
  }

  /** Has `delegator` delegate to a role with a key of its own. */
  async delegate(
    delegator: string,
    name: string,
    rest: Partial<DelegatedRole> = {},
  ): Promise<void> {
    const from = this.role(delegator);
    this.role(name);
    const signers = this.signers.get(name) ?? await generateSigners(1);
    this.signers.set(name, signers);
    const keys = new Map(from.delegations?.keys ?? []);
    for (const signer of signers) keys.set(signer.keyId, signer.key);
    const to = from.delegations?.to ?? [];
    if ("bitLength" in to) throw new Error(`${delegator} delegates to hash bins`);
    const role: DelegatedRole = {
      name,
      keyIds: signers.map(({ keyId }) => keyId),
      threshold: 1,
      terminating: false,
      scope: { paths: ["*"] },
      ...rest,
    };
    from.delegations = { keys, to: [...to, role] };
  }

  /** Has `delegator` delegate to 2^`bitLength` hash bins that share one key. */
  async delegateToBins(delegator: string, bitLength: number, namePrefix: string): Promise<void> {
    const [signer] = await generateSigners(1) as [Signer];
    const bins = { keyIds: [signer.keyId], threshold: 1, bitLength, namePrefix };
    const keys = new Map([[signer.keyId, signer.key]]);
    this.role(delegator).delegations = { keys, to: bins };
    for (let bin = 0; bin < 2 ** bitLength; bin++) {
      this.role(binName(bins, bin));
      this.signers.set(binName(bins, bin), [signer]);
    }
  }

  /** Adds a target to the bin that its path's hash says, of the bins that `delegator` has. */
  async addTargetToBin(path: string, content: Uint8Array, delegator: string): Promise<void> {
    const { to } = this.role(delegator).delegations ?? {};
    if (to === undefined || !("bitLength" in to)) throw new Error("there are no hash bins");
    const hash = await sha256(new TextEncoder().encode(path));
    const bin = new DataView(hash.buffer).getUint16(0) >> (16 - to.bitLength);
    await this.addTarget(path, content, binName(to, bin));
  }

  /** Signs all targets metadata, the snapshot and the timestamp, with the next versions where asked. */
  async publish({ bump = false } = {}): Promise<void> {
    for (const [role, targets] of this.targets) {
      if (bump) targets.version++;
      const bytes = await this.serve(role, targets, targets.version);
      this.snapshot.meta.set(`${role}.json`, await this.describe(targets.version, bytes));
    }
    await this.publishSnapshot({ bump });
  }

  /** Signs the snapshot and the timestamp. */
  async publishSnapshot({ bump = false } = {}): Promise<void> {
    if (bump) this.snapshot.version++;
    const bytes = await this.serve("snapshot", this.snapshot, this.snapshot.version);
    this.timestamp.snapshot = await this.describe(this.snapshot.version, bytes);
    await this.publishTimestamp({ bump });
  }

  /** Signs the timestamp. */
  async publishTimestamp({ bump = false } = {}): Promise<void> {
    if (bump) this.timestamp.version++;
    const unknown: JsonObject = new Map([
      ...this.timestamp.unknown ?? [],
      [ROOT_VERSION_FIELD, this.root.version],
    ]);
    this.timestamp.unknown = unknown;
    this.served.set("timestamp.json", await this.sign("timestamp", this.timestamp));
  }

  /** The file of a role, signed by its keys and by `others`. */
  sign(role: string, metadata: Metadata, others: readonly Signer[] = []): Promise<Uint8Array> {
    return signMetadata(metadata, [...this.signers.get(role) ?? [], ...others]);
  }

  private async serve(role: string, metadata: Metadata, version: number): Promise<Uint8Array> {
    const bytes = await this.sign(role, metadata);
    this.served.set(fileNameOf(role, this.root.consistentSnapshot ? version : undefined), bytes);
    return bytes;
  }

  private async describe(version: number, bytes: Uint8Array): Promise<MetaFile> {
    if (!this.describesFiles) return { version };
    const hashes = new Map([["sha256", encodeHex(await sha256(bytes))]]);
    return { version, length: bytes.length, hashes };
  }
}

/** New Ed25519 signers. */
export function generateSigners(count: number): Promise<Signer[]> {
  return Promise.all(Array.from({ length: count }, () => Ed25519Signer.generate()));
}

/** The same key under another id. */
export function renamed(signer: Signer, keyId: KeyId): Signer {
  return { key: signer.key, keyId, sign: (message) => signer.sign(message) };
}
