import { isBrecciaError } from "../errors.ts";
import { type HttpAnswer, type Mirror, readAnswer } from "../transport/mod.ts";

/**
 * The answer of a mirror to a request for a file of `length` bytes, and its body when it is 200. A static
 * host is asked by a range that is the whole file: its answer tells whether packs can be asked for by ranges,
 * before a plan is made, for no request more. Where it is odd, the file is asked for plainly.
 *
 * @throws {BrecciaError} the network family.
 */
export async function wholeFile(
  mirror: Mirror,
  path: string,
  { length, signal }: { readonly length: number; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly status: number; readonly bytes: Uint8Array<ArrayBuffer> }> {
  if (!mirror.isEdge && mirror.knowsRanges === undefined && length > 0) {
    const probed = await probe(mirror, path, length, signal);
    if (probed !== undefined) return { status: 200, bytes: probed };
  }
  const answer = await mirror.send(path, { maxBytes: length, ...(signal && { signal }) });
  return { status: answer.status, bytes: await bodyOf(answer) };
}

async function probe(
  mirror: Mirror,
  path: string,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const range = { offset: 0, length };
    const answer = await mirror.send(path, { range, maxBytes: length, ...(signal && { signal }) });
    const total = answer.headers.get("content-range")?.split("/")[1];
    const isWhole = answer.status === 200 || total === "*" || Number(total) === length;
    if ((answer.status !== 200 && answer.status !== 206) || !isWhole) {
      await answer.cancel();
      if (answer.status === 416 || answer.status === 501) mirror.giveUpRanges();
      return undefined;
    }
    const bytes = await readAnswer(answer);
    return bytes.length === length || answer.status === 200 ? bytes : undefined;
  } catch (error) {
    if (!isBrecciaError(error, "http-malformed")) throw error;
    mirror.giveUpRanges();
    return undefined;
  }
}

async function bodyOf(answer: HttpAnswer): Promise<Uint8Array<ArrayBuffer>> {
  if (answer.status === 200) return await readAnswer(answer);
  await answer.cancel();
  return new Uint8Array(0);
}
