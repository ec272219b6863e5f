import type { InstalledRelease, InstallRecord, TreeDamage } from "../../install/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { type TrustState, trustState } from "../../client/mod.ts";
import { systemClock } from "../../ports/mod.ts";
import { AT_FLAG, openDevice } from "../device.ts";

/** `breccia status`: what is installed, staged and kept, and whether it is whole. */
export const command: Command = {
  name: "status",
  summary: "Show what is installed, and with --verify if it is whole",
  usage: "--at DIR [--verify]",
  description:
    "With --verify every file is hashed and compared with the signed index; exit code 1 " +
    "when one differs.",
  example: "breccia status --at /opt/app --verify",
  operands: [0, 0],
  flags: {
    ...AT_FLAG,
    verify: { type: "boolean", help: "Hash every installed file" },
  },
  run: status,
};

async function status(context: CommandContext): Promise<void | 1> {
  const { output, flags, signal } = context;
  const { installation } = await openDevice(context);
  const { state, current, previous, staged, subscription } = installation.record;
  // A rollback that lost power before the pointer moved holds nothing.
  const held = heldOf(installation.record);
  const damage: TreeDamage[] = [];
  const verify = flags.has("verify") && current !== undefined;
  if (verify) {
    for await (const difference of installation.damage(current, { signal })) {
      damage.push(difference);
    }
  }
  const files = verify ? (await installation.indexOf(current)).entries.length : undefined;
  const trust = await trustState(installation.files, systemClock.now());
  output.document({
    state,
    current,
    previous,
    staged,
    held,
    subscription,
    metadata: { ...trust, expires: isoTime(trust.expires) },
    ...(verify ? { verified: { entries: files, damage } } : {}),
  });
  output.print(
    `installed  ${current === undefined ? "nothing" : `${current.app} ${current.version}`}`,
  );
  if (previous !== undefined) output.print(`previous   ${previous.version}`);
  if (staged !== undefined) output.print(`staged     ${staged.version}`);
  if (held !== undefined) {
    output.print(
      `held       ${held.version}, until a newer one is published or \`breccia resume\``,
    );
  }
  output.print(`state      ${state}`);
  if (subscription !== undefined) {
    output.print(`follows    ${subscription.channel} (${subscription.platform})`);
    if (subscription.role !== undefined) output.print(`signed by  ${subscription.role}`);
    for (const mirror of subscription.mirrors) output.print(`from       ${mirror}`);
  }
  output.print(`metadata   ${trustText(trust)}`);
  for (const { path, kind } of damage) output.print(`${kind.padEnd(10)} ${path}`);
  if (verify && damage.length === 0) output.print(`verified   ${files} entries, all as signed`);
  return damage.length > 0 ? 1 : undefined;
}

/** What is held, if it does not run. */
function heldOf({ held, current }: InstallRecord): InstalledRelease | undefined {
  return held?.tree === current?.tree ? undefined : held;
}

/** Times are written as ISO 8601, as everywhere in JSON. */
function isoTime(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}

/** How long what is trusted offline holds, in words. */
function trustText({ expires, refusal }: TrustState): string {
  if (refusal !== undefined) return refusal;
  return `trusted until ${isoTime(expires)}, without asking a mirror`;
}
