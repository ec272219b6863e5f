import { Updater } from "../../client/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { AT_FLAG, openDevice } from "../device.ts";

/** `breccia apply`: activates what `update --download-only` staged. */
export const command: Command = {
  name: "apply",
  summary: "Activate the release that was downloaded",
  usage: "--at DIR",
  description:
    "No network is needed. Refused when the publisher is known to have withdrawn the release since.",
  example: "breccia apply --at /opt/app",
  operands: [0, 0],
  flags: AT_FLAG,
  run: apply,
};

async function apply(context: CommandContext): Promise<void> {
  const session = await openDevice(context);
  const from = session.current?.version;
  const { version } = await Updater.applyStaged({
    install: session,
    cache: session.installation.files,
    signal: context.signal,
  });
  context.output.document({ applied: true, version, from });
  context.output.print(`${version} is installed`);
}
