import type { Command, CommandContext } from "../command.ts";
import { DEVICE_FLAGS, openUpdater, VERSION_FLAGS } from "../device.ts";
import { planDocument, planText } from "../plan_text.ts";

/** `breccia plan`: what an update would fetch and change. */
export const command: Command = {
  name: "plan",
  summary: "Show what an update would fetch and change",
  usage: "--at DIR [-V VERSION] [--from URL …] [--root FILE]",
  description: "Nothing is installed. Exit code 1: there is no update.",
  example: "breccia plan --at /opt/app",
  operands: [0, 0],
  flags: {
    ...DEVICE_FLAGS,
    ...VERSION_FLAGS,
  },
  run: plan,
};

async function plan(context: CommandContext): Promise<void | 1> {
  const { output, signal } = context;
  const { updater, session } = await openUpdater(context);
  const update = await updater.check({ signal });
  const { notes } = updater;
  for (const note of notes) output.log(`note: ${note}`);
  if (update === undefined) {
    output.document({
      version: session.current?.version,
      bytes: { total: 0 },
      requests: 0,
      notes,
    });
    output.print(`${session.current?.version} is installed: nothing to do`);
    return 1;
  }
  const planned = await update.plan();
  output.document({ ...planDocument(planned, update.role), notes });
  output.print(planText(planned, update.role));
  await update.close();
}
