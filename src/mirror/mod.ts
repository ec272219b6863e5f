export type { ServedFile } from "./served_file.ts";
export { BlockShelf } from "./block_shelf.ts";
export type { DeltaPair } from "./delta_maker.ts";
export { type DeltaAnswer, DeltaDesk, type DeltaDeskOptions, type HandOn } from "./delta_desk.ts";
export { Edge, type EdgeOptions } from "./edge.ts";
export type { EdgeStatus, RefreshTrouble } from "./edge_status.ts";
export { gather } from "./gather.ts";
export type { JoinedWork } from "./in_flight.ts";
export { keepFresh, keepSound, type RefreshSchedule } from "./refresh_schedule.ts";
export type { Novelty } from "./novelty.ts";
export type { DeltaSavings, ReleaseNovelty } from "./release_novelty.ts";
export type { ReadCounts, ReadSource } from "./read_counts.ts";
export { measureStore, type StoreSize } from "./store_size.ts";
export { keepMeasured, type MeasureSchedule } from "./measure_schedule.ts";
export type { MissingChunks } from "./missing_chunks.ts";
export type { ReadChunks, ServedGeneration, ServedTarget } from "./served_generation.ts";
export {
  type Maintenance,
  type MaintenanceOptions,
  StoreKeeper,
  type StoreKeeperOptions,
} from "./store_keeper.ts";
export type { PatienceOptions } from "../transport/patience.ts";
export type { StoredChunk } from "./stored_chunks.ts";
export { DEFAULT_UPSTREAM, holdsPublication, isOwnKey, isUpstreamName } from "./store_layout.ts";
export type { TargetRules } from "./target_filter.ts";
export {
  PUBLISHED_LAYOUT,
  Upstream,
  type UpstreamLayout,
  type UpstreamOptions,
} from "./upstream.ts";
export type { SweepResult } from "./sweep.ts";
export type { CodedForm } from "./served_file.ts";
