import { isBrecciaError } from "../../errors.ts";
import type { Clock, Log, LogLevel } from "../../ports/mod.ts";
import { withoutUrlSecrets } from "../../transport/mod.ts";
import type { VerifiedMetadata } from "../../tuf/mod.ts";
import type { EdgeStatus, RefreshTrouble } from "./edge_status.ts";
import { RepeatedWarnings } from "./repeated_warnings.ts";
import { FreshnessAlarm, lagReason } from "./freshness.ts";

/** How the refreshes of an edge go, and what of it an operator should know. */
export class EdgeHealth {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #alarm: FreshnessAlarm;
  #confirmedAt: number | null = null;
  #refreshingSince: number | null = null;
  readonly #warnings: RepeatedWarnings;
  #trouble: RefreshTrouble | null = null;

  /** Judges by `clock`, and tells `log`. */
  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#warnings = new RepeatedWarnings(clock, log);
    this.#alarm = new FreshnessAlarm(clock, log);
  }

  /** Does a refresh, and remembers how it went. `metadata` is what is served, before and after. */
  async watch<T>(
    refresh: () => Promise<T>,
    metadata: () => VerifiedMetadata | undefined,
  ): Promise<T> {
    this.#refreshingSince = this.#clock.now();
    try {
      const result = await refresh();
      this.#confirmedAt = this.#clock.now();
      this.#recovered();
      return result;
    } catch (error) {
      if (!isBrecciaError(error, "cancelled")) this.trouble("refresh failed", error);
      throw error;
    } finally {
      this.#refreshingSince = null;
      this.#alarm.tell({ metadata: metadata(), confirmed: this.#isConfirmed });
    }
  }

  /** Remembers, until a refresh succeeds, why what is served may be old; tells the log. */
  trouble(event: string, error: unknown): void {
    const told = describe(error);
    // One trouble in another's place is news; the same again is none, whatever numbers its sentence has.
    if (this.#trouble?.code !== told.code) this.#warnings.settle(event);
    this.#warnings.tell(levelOf(told.code), event, { name: told.code, ...told });
    this.#trouble = { ...told, at: this.#clock.now() };
  }

  #recovered(): void {
    if (this.#trouble === null) return;
    const repeated = this.#warnings.settle("refresh failed");
    this.#log("info", "refresh recovered", { code: this.#trouble.code, repeated });
    this.#trouble = null;
  }

  /** Tells the log what went wrong, once and then once an hour. */
  report(event: string, error: unknown): void {
    const told = describe(error);
    this.#warnings.tell(levelOf(told.code), event, {
      name: `${told.code} ${told.message}`,
      ...told,
    });
  }

  /** What of the status of an edge that serves `metadata` follows from how its refreshes went. */
  status(
    metadata: VerifiedMetadata | undefined,
  ): Pick<EdgeStatus, "reasons" | "confirmedAt" | "refreshingSince" | "trouble"> {
    const reasons = [
      this.#alarm.reason({ metadata, confirmed: this.#isConfirmed }),
      lagReason(this.#refreshingSince, this.#clock.now()),
      this.#trouble?.message,
    ];
    return {
      reasons: reasons.filter((reason) => reason !== undefined),
      confirmedAt: this.#confirmedAt,
      refreshingSince: this.#refreshingSince,
      trouble: this.#trouble,
    };
  }

  /** True when the upstream was asked with success, last. */
  get #isConfirmed(): boolean {
    return this.#confirmedAt !== null && this.#trouble === null;
  }
}

function describe(error: unknown): Pick<RefreshTrouble, "code" | "message"> {
  const known = isBrecciaError(error);
  const sentence = known ? error.message : `A defect of Breccia stopped it: ${String(error)}`;
  return { code: known ? error.code : "internal", message: withoutUrlSecrets(sentence) };
}

function levelOf(code: RefreshTrouble["code"]): LogLevel {
  return code === "internal" ? "error" : "warn";
}
