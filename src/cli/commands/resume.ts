import type { Command, CommandContext } from "../command.ts";
import { AT_FLAG, openDevice } from "../device.ts";

/** `breccia resume`: lets updates bring what a rollback left. */
export const command: Command = {
  name: "resume",
  summary: "Let updates bring again what a rollback left",
  usage: "--at DIR",
  description:
    "After a rollback the version that was left is held until a newer one is published; this ends it. " +
    "Exit code 1: nothing is held.",
  example: "breccia resume --at /opt/app",
  operands: [0, 0],
  flags: AT_FLAG,
  run: resume,
};

async function resume(context: CommandContext): Promise<void | 1> {
  const session = await openDevice(context);
  const held = await session.resume();
  context.output.document({ resumed: held?.version ?? null });
  context.output.print(
    held === undefined
      ? "Nothing is held"
      : `${held.version} is held no more: \`update\` brings it`,
  );
  return held === undefined ? 1 : undefined;
}
