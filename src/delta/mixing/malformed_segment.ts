import { BrecciaError } from "../../errors.ts";

/** Says why a mixed segment is refused: code `delta-malformed`. */
export function malformedSegment(why: string): BrecciaError {
  return new BrecciaError(
    "delta-malformed",
    `Cannot decode a segment of the delta: ${why}; fetch it again or update without it`,
  );
}
