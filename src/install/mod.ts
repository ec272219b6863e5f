/**
 * Releases on a device: staged beside what runs, verified by reading back, activated by one atomic move
 * of a pointer, rolled back by another.
 *
 * @module
 */

export { Installation, type InstalledSeed, type TransferTree } from "./installation.ts";
export { type InstalledRelease, type InstallRecord, type Subscription } from "./install_record.ts";
export { openSession, type Session } from "./session.ts";
export { spaceOf } from "./space.ts";
export { type TreeDamage } from "./tree_check.ts";
export { UPDATE_STATES, type UpdateState } from "./update_state.ts";
export { VerifiedTree } from "./verified_tree.ts";
