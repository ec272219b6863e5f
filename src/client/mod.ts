/**
 * The client: selects a signed release, plans the cheapest way to it, fetches and verifies every chunk.
 *
 * @module
 */

export { assembleTree } from "./assemble.ts";
export { type FetchedIndex } from "./fetch_index.ts";
export {
  type InstalledRelease,
  type InstallSession,
  type SeedTree,
  type StagingTree,
  type Subscription,
} from "./install_session.ts";
export {
  type BatchPlan,
  type ChunkRequestPlan,
  type MirrorKind,
  type RangePlan,
} from "./chunk_request.ts";
export { type PackPlan } from "./pack_plan.ts";
export { type ChunkSource, ChunkSources } from "./chunk_sources.ts";
export { type NamedIndex } from "./transfer_options.ts";
export {
  downloadTarget,
  type TargetDownload,
  type TargetDownloadOptions,
} from "./download_target.ts";
export { type AdvisedDelta } from "./advised_delta.ts";
export {
  type DeltaOffer,
  type DeltaPlan,
  type DeltaRange,
  type PlannedSegment,
} from "./delta_plan.ts";
export { type TrustState, trustState } from "./trust_state.ts";
export { type PlanBytes, type PlanInput, planUpdate, type UpdatePlan } from "./plan_update.ts";
export { type Seed, type SeedPlace } from "./seed.ts";
export { type TreeChanges } from "./tree_changes.ts";
export { type DownloadOptions, type DownloadResult, type Progress, Update } from "./update.ts";
export { type UpdatePolicy, Updater, type UpdaterOptions } from "./updater.ts";
