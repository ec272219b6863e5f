export type { ServedFile } from "./content/served_file.ts";
export { BlockCache } from "./content/block_cache.ts";
export type { DeltaPair } from "./deltas/delta_builder.ts";
export {
  type DeltaAnswer,
  type ForwardRequest,
  OnDemandDeltas,
  type OnDemandDeltasOptions,
} from "./deltas/on_demand_deltas.ts";
export { Edge, type EdgeOptions } from "./edge/edge.ts";
export type { EdgeStatus, RefreshTrouble } from "./edge/edge_status.ts";
export { readAll } from "./content/read_all.ts";
export type { SharedFlight } from "./fetch/single_flight.ts";
export {
  type RefreshSchedule,
  runMaintenanceLoop,
  runRefreshLoop,
} from "./upkeep/refresh_schedule.ts";
export type { ChangeMap } from "./deltas/change_map.ts";
export type { DeltaSavings, ReleaseDiff } from "./deltas/release_diff.ts";
export type { ReadCounts, ReadSource } from "./fetch/read_counts.ts";
export { measureStore, type StoreSize } from "./upkeep/store_size.ts";
export { type MeasureSchedule, runSizeLoop } from "./upkeep/measure_schedule.ts";
export type { MissingChunks } from "./content/missing_chunks.ts";
export type { ReadChunks, ServedGeneration, ServedTarget } from "./edge/served_generation.ts";
export {
  type Maintenance,
  type MaintenanceOptions,
  StoreMaintenance,
  type StoreMaintenanceOptions,
} from "./upkeep/store_maintenance.ts";
export type { RetryPolicyOptions } from "../transport/retry_policy.ts";
export type { StoredChunk } from "./content/stored_chunks.ts";
export {
  DEFAULT_UPSTREAM,
  holdsPublication,
  isOwnKey,
  isUpstreamName,
} from "./state/store_layout.ts";
export type { TargetRules } from "./state/target_filter.ts";
export {
  PUBLISHED_LAYOUT,
  Upstream,
  type UpstreamLayout,
  type UpstreamOptions,
} from "./fetch/upstream.ts";
export type { SweepResult } from "./upkeep/garbage_collection.ts";
export type { CodedForm } from "./content/served_file.ts";
