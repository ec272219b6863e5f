/**
 * Breccia's portable client: software updates that need no trust in the network, the mirror or the
 * cache.
 *
 * @module
 */

export * from "./src/errors.ts";
export {
  type DownloadOptions,
  type DownloadResult,
  downloadTarget,
  type InstallSession,
  type PlanBytes,
  type Progress,
  type TargetDownload,
  type TargetDownloadOptions,
  Update,
  type UpdatePlan,
  type UpdatePolicy,
  Updater,
  type UpdaterOptions,
} from "./src/client/mod.ts";
export { openSession, type Session } from "./src/install/mod.ts";
