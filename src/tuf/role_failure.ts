import { type BrecciaError, ERROR_CODES, isBrecciaError } from "../errors.ts";
import type { LoadRole } from "./delegation_walk.ts";

/** A delegated role whose metadata can't be had or is refused: expired, wrongly signed, missing, too large. */
export interface RoleFailure {
  /** The name of the role. */
  readonly role: string;
  /** The role that delegates to it. */
  readonly delegator: string;
  /** Why it is not available. */
  readonly error: BrecciaError;
}

/** What a walk over all roles may be told. */
export interface RoleWalkOptions {
  /**
   * Told once of each delegated role that fails; the walk then goes on without it, and without every path
   * that it may have listed before whoever comes after it. Without this, the first failure ends the walk.
   */
  readonly onRoleFailure?: ((failure: RoleFailure) => void) | undefined;
  /**
   * Only roles that may speak of a path which one of these patterns matches are asked; the top-level role is
   * always. What is yielded may still match none of them. All roles, unless given.
   */
  readonly wanted?: readonly string[] | undefined;
  /** Ends the walk, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** True when what was thrown is about one file of a mirror, and not about the network, the disk or the caller. */
export function failsRoleAlone(error: unknown): error is BrecciaError {
  return isBrecciaError(
    error,
    ...ERROR_CODES.trust,
    // Offline: it failed when everything else was fetched.
    "no-baseline",
    "http-status",
    "http-malformed",
    "response-oversized",
    "response-truncated",
  );
}

/** Loads the roles of one walk, and remembers those that failed: none is asked for twice. */
export class RoleLoader {
  readonly #load: LoadRole;
  readonly #onRoleFailure: RoleWalkOptions["onRoleFailure"];
  /** By delegator and role. */
  readonly #failed = new Map<string, BrecciaError>();
  /** What was told: a look-up that throws it does not end the walk. */
  readonly #told = new Set<unknown>();

  /** Loads with `load`. */
  constructor(load: LoadRole, { onRoleFailure }: RoleWalkOptions) {
    this.#load = load;
    this.#onRoleFailure = onRoleFailure;
  }

  /** As {@linkcode LoadRole}; a role that failed once fails again, without a request. */
  readonly load: LoadRole = async (delegator, role) => {
    const pair = JSON.stringify([delegator.role, role.name]);
    const known = this.#failed.get(pair);
    if (known !== undefined) throw known;
    try {
      return await this.#load(delegator, role);
    } catch (error) {
      if (this.#onRoleFailure === undefined || !failsRoleAlone(error)) throw error;
      this.#failed.set(pair, error);
      this.disable(role.name, delegator.role, error);
      throw error;
    }
  };

  /** Tells once that a role can't be used: `error`, when a look-up throws it, does not end the walk then. */
  disable(role: string, delegator: string, error: BrecciaError): void {
    if (this.#onRoleFailure === undefined || this.#told.has(error)) return;
    this.#told.add(error);
    this.#onRoleFailure({ role, delegator, error });
  }

  /** `undefined` when `find` failed for a role that the walk goes on without. */
  async unlessFailed<T>(find: () => Promise<T>): Promise<T | undefined> {
    try {
      return await find();
    } catch (error) {
      if (this.#told.has(error)) return undefined;
      throw error;
    }
  }
}
