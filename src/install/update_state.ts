import { BrecciaError } from "../errors.ts";

/**
 * The states of an update, after Pigweed's `pw_software_update`. They are recorded before the work that
 * they name begins, so that a restart finds out how far it came.
 */
export const UPDATE_STATES = [
  "inactive",
  "transferring",
  "transferred",
  "verifying",
  "verified",
  "applying",
  "finished",
  "aborting",
] as const;

/** One of {@linkcode UPDATE_STATES}. */
export type UpdateState = typeof UPDATE_STATES[number];

/**
 * What may follow what. A transfer may begin again from every state but the two in which the pointer or
 * the staged tree is being changed: what was staged before is then a seed, or removed.
 */
const NEXT: Readonly<Record<UpdateState, readonly UpdateState[]>> = {
  inactive: ["transferring", "applying"],
  transferring: ["transferring", "transferred", "aborting"],
  transferred: ["verifying", "transferring", "aborting"],
  verifying: ["verifying", "verified", "transferring", "aborting"],
  verified: ["verifying", "applying", "transferring", "aborting"],
  applying: ["applying", "finished", "aborting"],
  finished: ["inactive", "transferring", "applying"],
  aborting: ["aborting", "inactive"],
};

/** True when an update in state `from` may go to `to`. */
export function mayFollow(from: UpdateState, to: UpdateState): boolean {
  return NEXT[from].includes(to);
}

/**
 * Refuses a step that the state doesn't allow.
 *
 * @throws {BrecciaError} `wrong-state`, naming the state and what to do.
 */
export function checkStep(from: UpdateState, to: UpdateState, verb: string, advice: string): void {
  if (!mayFollow(from, to)) {
    throw new BrecciaError("wrong-state", `Cannot ${verb}: the update is ${from}; ${advice}`);
  }
}
