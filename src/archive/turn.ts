/** Lets others have their turn: compressing blocks the event loop for milliseconds at a time. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
