import type { Env, Hono } from "hono";
import { DELTA_ADVICE_TYPE } from "../../src/index/mod.ts";
import type { Edge } from "../../src/mirror/mod.ts";
import type { AnswerSlots } from "./answer_slots.ts";
import { fileResponse } from "./file_response.ts";
import { CACHE_POLICY } from "./headers.ts";

/** When to ask again for a delta that is being made: most take less. */
const MAKING_SECONDS = "60";

const NEVER = { "cache-control": CACHE_POLICY.never };

/**
 * The routes of docs/formats/delta-advice.md, for deltas that nobody published. Asking is answered at once:
 * with what is known, or when to ask again.
 */
export function addMadeDeltas<E extends Env>(app: Hono<E>, edge: Edge, slots: AnswerSlots): void {
  app.on(["GET", "HEAD"], "/deltas/:base/:index", async (c) => {
    const { base, index } = c.req.param();
    const answer = await edge.served?.deltaAdvice(base, index);
    if (answer === undefined) return c.body(null, 404, NEVER);
    if (answer.state === "making") {
      return c.body(null, 202, { ...NEVER, "retry-after": MAKING_SECONDS });
    }
    return c.body(answer.advice, 200, {
      ...NEVER,
      "content-type": DELTA_ADVICE_TYPE,
      "content-length": String(answer.advice.length),
    });
  });
  app.on(["GET", "HEAD"], "/deltas/:base/:index/:name", async (c) => {
    const { base, index, name } = c.req.param();
    const file = await edge.served?.madeDelta(base, index, name);
    return file
      ? await fileResponse(c.req.raw, file, "immutable", { slots })
      : c.body(null, 404, NEVER);
  });
}
