import { BrecciaError, type ErrorCode, isBrecciaError } from "../../src/errors.ts";
import type { SharedFlight } from "../../src/mirror/mod.ts";

/** How a piece of work ended, in a form that threads can tell each other. */
export type Outcome =
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly code: ErrorCode; readonly message: string };

/** What who wants to do a piece of work is told: to do it, or how another who was at it has ended. */
export type Claimed = { readonly type: "yours" } | Outcome;

/**
 * Which of several threads does a piece of work that more than one may want done. Kept by one of them; the
 * others claim by messages.
 */
export class WorkLocks {
  readonly #held = new Map<string, PromiseWithResolvers<Outcome>>();

  /** The work is the caller's, who must {@linkcode WorkLocks.release} it, or has been done when this resolves. */
  claim(key: string): Promise<Claimed> {
    const held = this.#held.get(key);
    if (held !== undefined) return held.promise;
    this.#held.set(key, Promise.withResolvers());
    return Promise.resolve({ type: "yours" });
  }

  /** Tells all who wait how it ended. A failure is not remembered: the next one to claim tries again. */
  release(key: string, outcome: Outcome): void {
    this.#held.get(key)?.resolve(outcome);
    this.#held.delete(key);
  }
}

/** Joins work with that of others by claims, wherever those are kept. */
export class SharedWork implements SharedFlight {
  readonly #claims: ClaimsElsewhere;
  readonly #scope: string;

  /** Does what `claims` says is ours; keys are told apart from those of other scopes. */
  constructor(claims: ClaimsElsewhere, scope: string) {
    this.#claims = claims;
    this.#scope = scope;
  }

  /** See {@linkcode SharedFlight.join}. */
  async join(name: string, work: () => Promise<void>): Promise<void> {
    const key = `${this.#scope} ${name}`;
    const claimed = await this.#claims.claim(key);
    if (claimed.type === "done") return;
    if (claimed.type === "failed") throw new BrecciaError(claimed.code, claimed.message);
    try {
      await work();
      this.#claims.release(key, { type: "done" });
    } catch (error) {
      this.#claims.release(key, failureOf(error));
      throw error;
    }
  }
}

/** {@linkcode WorkLocks}, here or in another thread. */
export type ClaimsElsewhere = Pick<WorkLocks, "claim" | "release">;

function failureOf(error: unknown): Outcome {
  if (isBrecciaError(error)) return { type: "failed", code: error.code, message: error.message };
  const message = `Cannot bring content: another thread failed by a defect: ${String(error)}`;
  return { type: "failed", code: "internal", message };
}

/** Claims kept by the leading thread, by messages. */
export class RemoteWorkLocks implements ClaimsElsewhere {
  readonly #post: (message: ClaimMessage) => void;
  readonly #waiting = new Map<number, (claimed: Claimed) => void>();
  #asked = 0;

  /** Tells the leading thread by `post`. */
  constructor(post: (message: ClaimMessage) => void) {
    this.#post = post;
  }

  /** See {@linkcode WorkLocks.claim}. */
  claim(key: string): Promise<Claimed> {
    const { promise, resolve } = Promise.withResolvers<Claimed>();
    this.#waiting.set(++this.#asked, resolve);
    this.#post({ type: "claim", id: this.#asked, key });
    return promise;
  }

  /** See {@linkcode WorkLocks.release}. */
  release(key: string, outcome: Outcome): void {
    this.#post({ type: "release", key, outcome });
  }

  /** Takes the answer to the claim `id`. */
  answered(id: number, claimed: Claimed): void {
    this.#waiting.get(id)?.(claimed);
    this.#waiting.delete(id);
  }
}

/** What {@linkcode RemoteWorkLocks} says. */
export type ClaimMessage =
  | { readonly type: "claim"; readonly id: number; readonly key: string }
  | { readonly type: "release"; readonly key: string; readonly outcome: Outcome };
