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
export { type PlanBytes, planUpdate, type UpdatePlan } from "./plan_update.ts";
export { type TreeChanges } from "./tree_changes.ts";
export { type DownloadOptions, type DownloadResult, type Progress, Update } from "./update.ts";
export { type UpdatePolicy, Updater, type UpdaterOptions } from "./updater.ts";
