import type { Command } from "./command.ts";

/** Every command and where it is; a command is loaded only when it is called. */
export const COMMANDS: ReadonlyMap<string, () => Promise<{ readonly command: Command }>> = new Map([
  ["add", () => import("./commands/add.ts")],
  ["apply", () => import("./commands/apply.ts")],
  ["check", () => import("./commands/check.ts")],
  ["chunk", () => import("./commands/chunk.ts")],
  ["conformance", () => import("./commands/conformance.ts")],
  ["delegate", () => import("./commands/delegate.ts")],
  ["diff", () => import("./commands/diff.ts")],
  ["edge", () => import("./commands/edge.ts")],
  ["init", () => import("./commands/init.ts")],
  ["inspect", () => import("./commands/inspect.ts")],
  ["keys", () => import("./commands/keys.ts")],
  ["list", () => import("./commands/list.ts")],
  ["mirror", () => import("./commands/mirror.ts")],
  ["plan", () => import("./commands/plan.ts")],
  ["promote", () => import("./commands/promote.ts")],
  ["publish", () => import("./commands/publish.ts")],
  ["refresh", () => import("./commands/refresh.ts")],
  ["rollback", () => import("./commands/rollback.ts")],
  ["rollout", () => import("./commands/rollout.ts")],
  ["sign", () => import("./commands/sign.ts")],
  ["status", () => import("./commands/status.ts")],
  ["update", () => import("./commands/update.ts")],
  ["verify", () => import("./commands/verify.ts")],
  ["withdraw", () => import("./commands/withdraw.ts")],
]);
