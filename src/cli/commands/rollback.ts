import type { Command, CommandContext } from "../command.ts";
import { AT_FLAG, openDevice } from "../device.ts";

/** `breccia rollback`: goes back to the release before, and forward again when it is run twice. */
export const command: Command = {
  name: "rollback",
  summary: "Go back to the release that was installed before",
  usage: "--at DIR",
  description:
    "The previous release is verified file by file first. A second rollback leads forward " +
    "again. The version that is left is held: `update` brings it again when a newer one is published, or " +
    "after `breccia resume`. No network is needed.",
  example: "breccia rollback --at /opt/app",
  operands: [0, 0],
  flags: AT_FLAG,
  run: rollback,
};

async function rollback(context: CommandContext): Promise<void> {
  const session = await openDevice(context);
  const { current } = session;
  const { version } = await session.rollback(context.signal);
  const held = session.held?.version;
  context.output.document({ rolledBack: true, version, from: current?.version, held });
  context.output.print(`${version} is installed again; ${current?.version} is kept beside it`);
  if (held !== undefined) {
    context.output.print(`${held} is held until a newer one is published, or \`breccia resume\``);
  }
}
