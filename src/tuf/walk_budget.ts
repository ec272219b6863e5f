import { Turns } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";

/**
 * The processor time of one walk over delegations, in steps: characters of patterns compared, hash bins
 * looked at. Each branch, a role that the top-level targets delegate to and all below it, has a share of its
 * own, so that one team's patterns can't use up another's. Others have their turn meanwhile.
 */
export class WalkBudget {
  readonly #most: number;
  readonly #turns: Turns;
  readonly #spent = new Map<string, number>();
  readonly #exhausted = new Map<string, BrecciaError>();
  readonly #onExhausted: (branch: string, error: BrecciaError) => void;

  /**
   * Grants each branch `most` steps, until `signal` is aborted.
   *
   * @param onExhausted Told once of each branch that has used up its share.
   */
  constructor(
    most: number,
    signal: AbortSignal | undefined,
    onExhausted: (branch: string, error: BrecciaError) => void = () => {},
  ) {
    this.#most = most;
    this.#turns = new Turns(signal);
    this.#onExhausted = onExhausted;
  }

  /**
   * Counts `steps` of a branch. Where the result is a promise, it must be awaited; it rejects with the
   * signal's reason.
   *
   * @throws {BrecciaError} `delegation-limit` when the branch has used up its share.
   */
  spend(branch: string, steps: number): Promise<void> | undefined {
    const spent = (this.#spent.get(branch) ?? 0) + steps;
    this.#spent.set(branch, spent);
    if (spent > this.#most) throw this.#exhaust(branch);
    return this.#turns.spend(steps);
  }

  #exhaust(branch: string): BrecciaError {
    let error = this.#exhausted.get(branch);
    if (error === undefined) {
      error = new BrecciaError(
        "delegation-limit",
        `Cannot look through the role ${
          JSON.stringify(branch)
        } and those below it: comparing its patterns and paths takes more than ${this.#most} steps; ` +
          `tell the publisher to delegate by fewer and shorter patterns`,
      );
      this.#exhausted.set(branch, error);
      this.#onExhausted(branch, error);
    }
    return error;
  }
}
