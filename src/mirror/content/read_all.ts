/**
 * The parts of a body in one array of `length` bytes, which the caller has bounded: nothing is held twice,
 * and a body that comes in one part is not copied.
 * A body of another length yields what came, up to one byte more than `length`, for a check to refuse.
 */
export async function readAll(
  parts: AsyncIterable<Uint8Array>,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  let only: Uint8Array<ArrayBuffer> | undefined;
  let whole: Uint8Array<ArrayBuffer> | undefined;
  let filled = 0;
  for await (const part of parts) {
    if (filled === 0 && part.length === length && part.buffer instanceof ArrayBuffer) {
      only = part as Uint8Array<ArrayBuffer>;
      filled = length;
      continue;
    }
    whole ??= withRoom(only, length);
    const room = whole.length - filled;
    whole.set(part.length > room ? part.subarray(0, room) : part, filled);
    filled += Math.min(part.length, room);
    if (filled > length) break;
  }
  return whole?.subarray(0, filled) ?? only ?? new Uint8Array();
}

function withRoom(before: Uint8Array | undefined, length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length + 1);
  if (before !== undefined) whole.set(before);
  return whole;
}
