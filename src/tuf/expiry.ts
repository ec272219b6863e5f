import { BrecciaError } from "../errors.ts";
import { formatDate } from "./head.ts";

/**
 * What it means that metadata is past its date: `freeze` when a mirror served it (it may withhold
 * newer metadata), `expired` when it is what was kept from an earlier run.
 */
export type ExpiryCode = "freeze" | "expired";

/** Throws `code` when metadata has expired at `now` (TUF 5.3.10, 5.4.4, 5.5.6, 5.6.5). */
export function checkExpiry(
  name: string,
  { expires }: { readonly expires: number },
  now: number,
  code: ExpiryCode,
): void {
  if (now < expires) return;
  const remedy = code === "freeze"
    ? "a mirror may be withholding newer files or the publisher has not renewed them, so check this device's clock, use another mirror, or tell the publisher"
    : "check this device's clock, and go online to refresh it";
  throw new BrecciaError(
    code,
    `Cannot trust ${name}: it expired ${ago(now - expires)} ago, at ${
      formatDate(expires)
    }, and it is ${formatDate(Math.floor(now / 1000) * 1000)}; ${remedy}`,
  );
}

/** A duration in its largest whole unit: `"3 hours"`. */
export function ago(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]] as const) {
    const count = Math.floor(seconds / length);
    if (count > 0) return `${count} ${unit}${count === 1 ? "" : "s"}`;
  }
  return `${seconds} second${seconds === 1 ? "" : "s"}`;
}
