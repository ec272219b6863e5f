import { judgingTime } from "../tuf/mod.ts";
import type { SmallFiles } from "./pending_files.ts";

const KEY = "time";

/**
 * The time to judge expiry by on this device, whose floor is the last run that verified metadata.
 *
 * @throws {BrecciaError} `clock-wrong` when the clock is more than a day behind that run.
 */
export async function deviceTime(files: Pick<SmallFiles, "get">, now: number): Promise<number> {
  return judgingTime(now, await lastTime(files));
}

/** Remembers when metadata was verified. Times more than a minute apart are worth a write. */
export async function rememberTime(files: SmallFiles, now: number): Promise<void> {
  const before = await lastTime(files);
  if (before !== undefined && now - before < 60_000) return;
  await files.put(KEY, new TextEncoder().encode(`${new Date(now).toISOString()}\n`));
}

async function lastTime(files: Pick<SmallFiles, "get">): Promise<number | undefined> {
  const kept = await files.get(KEY);
  if (kept === undefined) return undefined;
  const time = Date.parse(new TextDecoder().decode(kept.bytes).trim());
  return Number.isNaN(time) ? undefined : time;
}
