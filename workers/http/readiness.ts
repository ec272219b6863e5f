import type { Edge, EdgeStatus } from "../../src/mirror/mod.ts";

/** What `/readyz` says of an edge. */
export type Readiness = Pick<EdgeStatus, "ready" | "reasons">;

/** Ready is what would be served now: what the store has lost since the last refresh counts, too. */
export async function readyNow(
  { served }: Pick<Edge, "served">,
  { ready, reasons }: Readiness,
): Promise<Readiness> {
  if (!ready || served === undefined || await served.isServable()) return { ready, reasons };
  return { ready: false, reasons: [...reasons, "The store has lost metadata that is served"] };
}
