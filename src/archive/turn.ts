/**
 * Lets others have their turn: compressing blocks the event loop for milliseconds at a time. A timer, though
 * it costs two milliseconds: between messages of a channel, sockets wait for hundreds of them.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
