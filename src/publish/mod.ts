/**
 * Publishing: a build becomes a release, signed by four roles, in a store of static files.
 *
 * @module
 */

export { type AddedRelease, addRelease, type NewRelease } from "./add_release.ts";
export {
  type AppConfig,
  checkName,
  CONFIG_KEY,
  DEFAULT_EXPIRY_DAYS,
  loadConfig,
} from "./app_config.ts";
export { type CeremonyState, isComplete, signDraft } from "./ceremony.ts";
export { changeKeys, type KeyChange } from "./change_keys.ts";
export {
  promoteRelease,
  type ReleaseChoice,
  rollOutRelease,
  withdrawRelease,
} from "./change_releases.ts";
export type { ChunkEncoder } from "./chunk_tree.ts";
export {
  describeRepository,
  type ReleaseDescription,
  type RepositoryDescription,
  type RoleDescription,
  type TeamDescription,
} from "./describe_repository.ts";
export { diffReleases, type ReleaseDiff } from "./diff_releases.ts";
export { type Draft, type DraftedRole, draftKey, loadDraft } from "./drafts.ts";
export { explainUpdate, type UpdateCosts } from "./explain_update.ts";
export { delegateToHashBins, type NewHashBins } from "./hash_bins.ts";
export { initRepository, type NewRepository } from "./init_repository.ts";
export { encodeKeyFile, isEncryptedKeyFile, readKeyFile, readPublicKeyFile } from "./key_file.ts";
export type { KeyRing } from "./key_ring.ts";
export { loadIndex } from "./known_chunks.ts";
export { lintRepository, type Warning } from "./lint_repository.ts";
export { loadPublished, metadataKey, type PublishedMetadata } from "./published_metadata.ts";
export { type DeltaOptions, type DeltaOutcome } from "./plan_deltas.ts";
export {
  type Publication,
  type PublishOptions,
  publishRepository,
  refreshRepository,
} from "./publish_repository.ts";
export { type LicensedRelease, listReleases } from "./release_list.ts";
export { signingTime } from "./signing_time.ts";
export { scanTree } from "./scan_tree.ts";
export { findSecretFiles, type SecretFile } from "./secret_files.ts";
export { type Upload, uploadRepository } from "./upload_repository.ts";
export { type StagedChoice, type Unstaged, unstageRelease } from "./unstage_release.ts";
export { type Finding, type Verification, verifyRepository } from "./verify_repository.ts";
export { delegateToTeam, draftedTargets, publishedTargets, type Team } from "./teams.ts";
