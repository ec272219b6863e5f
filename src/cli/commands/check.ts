import type { Command, CommandContext } from "../command.ts";
import { DEVICE_FLAGS, openUpdater } from "../device.ts";

/** `breccia check`: is there a signed release that this device does not run? */
export const command: Command = {
  name: "check",
  summary: "Say whether an update is available",
  usage: "--at DIR [--from URL …] [--root FILE]",
  description:
    "Exit code 0: an update is available. 1: there is none. 3 and up: it can't be known, " +
    "for example offline.",
  example: "breccia check --at /opt/app --from https://updates.example/ --root root.json",
  operands: [0, 0],
  flags: DEVICE_FLAGS,
  run: check,
};

async function check(context: CommandContext): Promise<void | 1> {
  const { output, signal } = context;
  const { updater, session } = await openUpdater(context);
  const update = await updater.check({ signal });
  const installed = session.current?.version;
  const { requests, bytes } = updater.traffic;
  output.document({
    available: update !== undefined,
    installed,
    version: update?.version ?? installed,
    role: update?.role,
    notes: updater.notes,
    requests,
    bytes,
  });
  for (const note of updater.notes) output.log(`note: ${note}`);
  if (update === undefined) {
    output.print(`${installed} stays: there is no update`);
    return 1;
  }
  output.print(
    `${update.version} is available (signed by ${update.role}); ${
      installed ?? "nothing"
    } is installed`,
  );
}
