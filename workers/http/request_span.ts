import type { Tracer } from "../../src/ports/mod.ts";
import type { Answered } from "./access_log.ts";

/** Paths of the kinds of routes that are counted, as span names have them. */
const TEMPLATES: ReadonlyMap<string, string> = new Map([
  ["metadata", "/metadata/:name"],
  ["targets", "/targets/*"],
  ["packs", "/packs/:name"],
  ["deltas", "/deltas/:name"],
  ["hints", "/hints/:name"],
  ["chunks", "/chunks"],
]);

/** Says what was answered in the span that the runtime began for the request. */
export function amendRequestSpan(tracer: Tracer, route: string, answered: Answered): void {
  const { request, identity, bytes } = answered;
  const template = TEMPLATES.get(route);
  tracer.amend(template === undefined ? request.method : `${request.method} ${template}`, {
    "breccia.request.id": identity.id,
    ...(template !== undefined && { "http.route": template }),
    ...(bytes !== undefined && { "http.response.body.size": bytes }),
  });
}
