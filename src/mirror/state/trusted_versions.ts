import { BrecciaError } from "../../errors.ts";
import type { VerifiedMetadata } from "../../tuf/mod.ts";

/** Versions of the top-level roles of metadata that was trusted. */
export interface TrustedVersions {
  readonly root: number;
  readonly timestamp: number;
  readonly snapshot: number;
}

/** The versions of `metadata`. */
export function versionsOf({ root, timestamp, snapshot }: VerifiedMetadata): TrustedVersions {
  return { root: root.version, timestamp: timestamp.version, snapshot: snapshot.version };
}

/** Whichever of two, either of which may be unknown, was trusted later. */
export function laterOf(
  a: TrustedVersions | undefined,
  b: TrustedVersions | undefined,
): TrustedVersions | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return isBelow(a, b) ? b : a;
}

/**
 * Refuses metadata that is older than what was trusted before. TUF's own checks compare with metadata that is
 * at hand; this one holds when those files were lost and only their versions are known.
 *
 * @throws {BrecciaError} `rollback`.
 */
export function refuseBelow(floor: TrustedVersions | undefined, found: TrustedVersions): void {
  if (floor === undefined || !isBelow(found, floor)) return;
  throw new BrecciaError(
    "rollback",
    `Cannot accept timestamp ${found.timestamp} under root ${found.root}: ${floor.timestamp} under ` +
      `root ${floor.root} was trusted before; wait until the upstream is that new again`,
  );
}

function isBelow(found: TrustedVersions, floor: TrustedVersions): boolean {
  // TUF 5.3.11: a new root may take timestamp and snapshot back, to recover from a fast-forward attack.
  if (found.root !== floor.root) return found.root < floor.root;
  return found.timestamp < floor.timestamp || found.snapshot < floor.snapshot;
}
