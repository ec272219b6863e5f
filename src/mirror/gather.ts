/**
 * The parts of a body in one array of `length` bytes, which the caller has bounded: nothing is held twice.
 * A body of another length yields what came, up to one byte more than `length`, for a check to refuse.
 */
export async function gather(
  parts: AsyncIterable<Uint8Array>,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(length + 1);
  let filled = 0;
  for await (const part of parts) {
    const room = whole.length - filled;
    whole.set(part.length > room ? part.subarray(0, room) : part, filled);
    filled += Math.min(part.length, room);
    if (filled > length) break;
  }
  return whole.subarray(0, filled);
}
