import type { Command } from "./command.ts";

/** Every command and where it is; a command is loaded only when it is called. */
export const COMMANDS: ReadonlyMap<string, () => Promise<{ readonly command: Command }>> = new Map([
  ["chunk", () => import("./commands/chunk.ts")],
  ["conformance", () => import("./commands/conformance.ts")],
]);
