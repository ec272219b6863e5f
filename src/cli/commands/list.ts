import type { Command, CommandContext } from "../command.ts";
import { AT_FLAG, openDevice } from "../device.ts";

/** `breccia list`: the releases that are on this device. */
export const command: Command = {
  name: "list",
  summary: "List the releases on this device",
  usage: "--at DIR",
  example: "breccia list --at /opt/app",
  operands: [0, 0],
  flags: AT_FLAG,
  run: list,
};

async function list(context: CommandContext): Promise<void> {
  const { output } = context;
  const { current, previous, staged } = (await openDevice(context)).installation.record;
  const roles = { current, previous, staged };
  for (const [role, release] of Object.entries(roles)) {
    if (release === undefined) continue;
    output.document({ role, ...release });
    output.print(`${role.padEnd(9)} ${release.app} ${release.version} (${release.platform})`);
  }
}
