/**
 * TUF 1.0.34: what to believe of an update repository, and why. The core does no I/O: bytes in, trusted
 * object or error out.
 *
 * @module
 */

export { encodeCanonicalJson } from "./canonical_json.ts";
export type { DelegatedKeys, DelegatedRole, Delegations, DelegationScope } from "./delegations.ts";
export { Ed25519Signer } from "./ed25519_signer.ts";
export { binName, binRole, type HashBins } from "./hash_bins.ts";
export { type MetadataHead, SPEC_VERSION } from "./head.ts";
export { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from "./json.ts";
export { parseJson } from "./json_parser.ts";
export { judgingTime } from "./judging_time.ts";
export { computeKeyId, type Key, type KeyId, readKey } from "./key.ts";
export type { Hashes } from "./hashes.ts";
export type { MetaFile } from "./meta_file.ts";
export {
  encodeMetadata,
  type Metadata,
  type MetadataByType,
  type MetadataType,
  readMetadata,
  type UnverifiedMetadata,
} from "./metadata.ts";
export { METADATA_LIMITS } from "../limits.ts";
export type { MetadataLimits } from "./metadata_limits.ts";
export type { MetadataRequest, MetadataSource } from "./metadata_source.ts";
export { MemoryMetadataStore, type MetadataStore, OverlayMetadataStore } from "./metadata_store.ts";
export { loadTrusted, type OfflineOptions } from "./offline.ts";
export { matchesPathPattern, type StepCount } from "./path_pattern.ts";
export type { PublicKey } from "./public_key.ts";
export { refresh, type RefreshOptions } from "./refresh.ts";
export {
  fileNameOf,
  isDelegatedName,
  type RoleKeys,
  TOP_LEVEL_ROLES,
  type TopLevelRole,
} from "./role.ts";
export type { RoleFailure, RoleWalkOptions } from "./role_failure.ts";
export type { Root } from "./root.ts";
export { addSignatures, signMetadata } from "./sign_metadata.ts";
export type { Signer } from "./signer.ts";
export type { Snapshot } from "./snapshot.ts";
export type { TargetFile, Targets } from "./targets.ts";
export { checkThreshold, countedSignatures, type SigningRule } from "./threshold.ts";
export type { Timestamp } from "./timestamp.ts";
export { ROOT_VERSION_FIELD } from "./unchanged.ts";
export { type VerifiedFile, VerifiedMetadata } from "./verified_metadata.ts";
export { VerifiedTarget } from "./verified_target.ts";
export { partyOf } from "./party.ts";
