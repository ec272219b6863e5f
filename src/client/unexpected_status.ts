import { BrecciaError } from "../errors.ts";
import type { HttpAnswer, Mirror } from "../transport/mod.ts";

/** The error for an answer that is none: the mirror lacks `what`, or fails. */
export function unexpectedStatus(
  { status }: HttpAnswer,
  mirror: Mirror,
  what: string,
): BrecciaError {
  return new BrecciaError(
    status === 404 || status === 410 ? "chunk-missing" : "http-status",
    `Cannot fetch ${what} from ${mirror.url.host}: it answered ${status}; try again or use another ` +
      `mirror`,
  );
}
