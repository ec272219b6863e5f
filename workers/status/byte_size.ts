import { BrecciaError } from "../../src/errors.ts";

const UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ...["K", "M", "G", "T"].flatMap((letter, power): [string, number][] => [
    [`${letter}B`, 1000 ** (power + 1)],
    [`${letter}IB`, 1024 ** (power + 1)],
  ]),
]);

/**
 * A count of bytes as people write it: `10GB`, `512MiB`, `1.5 TB`, `4096`; powers of 1000, with an i of 1024.
 *
 * @param flag What was given, for the message.
 * @throws {BrecciaError} `usage` when it is none.
 */
export function parseSize(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)$/i.exec(text);
  const unit = UNITS.get((match?.[2] ?? "?").toUpperCase());
  const bytes = Math.floor(Number(match?.[1]) * (unit ?? NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new BrecciaError("usage", `${flag} is "${text}": give a size such as 10GB or 512MiB`);
}
