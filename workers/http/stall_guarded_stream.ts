/** A client that takes nothing for so long has left, in milliseconds. */
export const STALL_MILLISECONDS = 60_000;

/**
 * A body that is read as fast as the client takes it. `read` is told when the client leaves, and when it
 * takes no piece for `stall` milliseconds: then the body breaks off, and nothing is held for it any more. Node
 * closes the connection at once; Deno does when the client reads again or leaves. `ended` is called once, when
 * nothing is held for it any more.
 */
export function stallGuardedStream(
  read: (signal: AbortSignal) => AsyncIterable<Uint8Array<ArrayBuffer>>,
  { stall = STALL_MILLISECONDS, ended = () => {} }: {
    readonly stall?: number;
    readonly ended?: (() => void) | undefined;
  } = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = new AbortController();
  const parts = read(left.signal)[Symbol.asyncIterator]();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      clearTimeout(timer);
      const { done, value } = await parts.next().catch((error) => {
        ended();
        throw error;
      });
      if (left.signal.aborted) return;
      if (done) {
        ended();
        return controller.close();
      }
      controller.enqueue(value);
      timer = setTimeout(() => {
        const reason = new DOMException("the client takes nothing", "TimeoutError");
        controller.error(reason);
        left.abort(reason);
        parts.return?.().catch(() => {});
        ended();
      }, stall);
    },
    async cancel(reason) {
      clearTimeout(timer);
      left.abort(reason);
      ended();
      await parts.return?.();
    },
  }, { highWaterMark: 0 });
}
