/** How much may be under way at once. */
export interface WorkBounds {
  /** How many items. */
  readonly items: number;
  /** How many bytes, all together; an item over it runs alone. */
  readonly bytes: number;
}

/**
 * Runs `work` on every item, several at a time within `bounds`. After the first failure no further item
 * is started; it is thrown when those under way have ended.
 */
export async function forEachConcurrent<T>(
  items: AsyncIterable<T> | Iterable<T>,
  bounds: WorkBounds,
  bytesOf: (item: T) => number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let bytes = 0;
  for await (const item of items) {
    const weight = bytesOf(item);
    while (running.size > 0 && (running.size >= bounds.items || bytes + weight > bounds.bytes)) {
      await Promise.race(running);
    }
    if (failures.length > 0) break;
    bytes += weight;
    const task: Promise<void> = work(item)
      .catch((error) => void failures.push(error))
      .finally(() => {
        bytes -= weight;
        running.delete(task);
      });
    running.add(task);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
