import { BrecciaError, isBrecciaError } from "../errors.ts";
import { packKey, type PackRef } from "../index/mod.ts";
import type { ByteRange } from "../ports/mod.ts";
import { type HttpAnswer, type Mirror, readAnswer } from "../transport/mod.ts";
import { unexpectedStatus } from "./unexpected_status.ts";
import type { WholePack } from "./whole_pack.ts";

/** Requests for one range: a host may send less than was asked for, but not next to nothing. */
const ASKED_AT_MOST = 64;

/** What hosts answer that can't or won't send a range, though they may have the file. */
const REFUSALS: ReadonlySet<number> = new Set([400, 405, 412, 416, 501, 505]);

/**
 * The bytes of a range of a pack. Where an answer ends early, by its own word or because the connection
 * broke, the rest is asked for.
 *
 * @throws {BrecciaError} `http-malformed` when the mirror does not send the range but something else: what
 * is wanted may be had of the whole pack, which `whole` keeps if that is what came. The network family.
 */
export async function rangeBytes(
  pack: PackRef,
  { offset, length }: ByteRange,
  mirror: Mirror,
  { whole, signal }: { readonly whole: WholePack; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const key = packKey(pack.sha256);
  const bytes = new Uint8Array(length);
  let filled = 0;
  for (let asked = 0; filled < length; asked++) {
    if (asked === ASKED_AT_MOST) throw notTheRange(mirror, "it sends ranges in crumbs");
    const range = { offset: offset + filled, length: length - filled };
    const answer = await mirror.send(key, { range, maxBytes: pack.bytes, signal });
    if (answer.status === 200) await keepWhole(answer, pack, mirror, whole);
    if (answer.status !== 206) {
      await answer.cancel();
      throw answer.status === 200 || REFUSALS.has(answer.status)
        ? notTheRange(mirror, `it answered ${answer.status}`)
        : unexpectedStatus(answer, mirror, key);
    }
    const before = filled;
    try {
      for await (const part of answer.body) {
        if (filled + part.length > length) throw notTheRange(mirror, "it sent more");
        bytes.set(part, filled);
        filled += part.length;
      }
    } catch (error) {
      const brokeOff = isBrecciaError(error, "response-truncated", "timeout");
      if (!brokeOff || filled === before) throw error;
    }
    if (filled === before) throw notTheRange(mirror, "it sent nothing");
  }
  return bytes;
}

async function keepWhole(
  answer: HttpAnswer,
  pack: PackRef,
  mirror: Mirror,
  whole: WholePack,
): Promise<void> {
  const body = await readAnswer(answer);
  if (body.length === pack.bytes) whole.keep(mirror, pack, body);
}

function notTheRange(mirror: Mirror, what: string): BrecciaError {
  return new BrecciaError(
    "http-malformed",
    `Cannot use ranges of ${mirror.url.host}: ${what} where a range was asked for`,
  );
}
