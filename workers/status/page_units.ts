/** `3 d 4 h`, `12 min`: the two largest units that say something. */
export function span(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : "less than a minute";
}

/** `3 d 4 h ago`, `just now`. */
export function ago(milliseconds: number): string {
  return milliseconds < 60_000 ? "just now" : `${span(milliseconds)} ago`;
}

/** `1.5 MB`: decimal units, as networks are sold. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`;
}

/** `1,234`. */
export function count(number: number): string {
  return number.toLocaleString("en");
}

/** `62 %` of a share from 0 to 1. What is not all or nothing never reads as 100 or 0. */
export function percent(share: number): string {
  const rounded = Math.round(share * 100);
  if (rounded === 100 && share < 1) return "over 99 %";
  if (rounded === 0 && share > 0) return "under 1 %";
  return `${rounded} %`;
}
