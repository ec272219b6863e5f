import { BrecciaError } from "../errors.ts";
import type { InstallRecord } from "./install_record.ts";

/**
 * Brings the record in line with the pointer, which alone says what runs. The two differ when power was
 * lost between the moving of the pointer and the writing of the record; since the record was written
 * before, with all that the pointer could come to name, each case has one answer.
 *
 * @throws {BrecciaError} `storage-corrupt` when the pointer names a tree that is in no record.
 */
export function reconcileRecord(
  record: InstallRecord,
  pointer: string | undefined,
): InstallRecord {
  const { current, previous, staged, state } = record;
  if (pointer === undefined && current === undefined) return notApplying(record);
  if (pointer !== undefined && pointer === current?.tree) return notApplying(record);
  if (pointer !== undefined && pointer === staged?.tree) {
    return {
      ...record,
      state: "finished",
      subscription: record.following ?? record.subscription,
      current: staged,
      previous: current,
      staged: undefined,
      following: undefined,
      held: undefined,
    };
  }
  if (pointer !== undefined && pointer === previous?.tree) {
    const settled = state === "applying" ? "finished" : state;
    const held = record.held?.tree === previous?.tree ? undefined : record.held;
    return { ...record, state: settled, current: previous, previous: current, held };
  }
  throw new BrecciaError(
    "storage-corrupt",
    pointer === undefined
      ? `Cannot find what is installed: the pointer "current" is gone though ${current?.version} ` +
        `was active; point it at releases/${current?.tree} again`
      : `Cannot tell what is installed: "current" points at ${pointer}, which no update put there; ` +
        `point it at releases/${current?.tree ?? "…"} again`,
  );
}

/** The pointer had not moved yet: what was staged is as good as before. */
function notApplying(record: InstallRecord): InstallRecord {
  if (record.state !== "applying") return record;
  return { ...record, state: record.staged === undefined ? "inactive" : "verified" };
}
