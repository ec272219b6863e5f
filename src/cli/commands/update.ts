import type { DownloadResult, Progress, Update, Updater } from "../../client/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { DEVICE_FLAGS, openUpdater, VERSION_FLAGS } from "../device.ts";
import type { Output } from "../output.ts";
import { planDocument, planText } from "../plan_text.ts";

/** `breccia update`: brings the signed release, verifies it and switches to it. */
export const command: Command = {
  name: "update",
  summary: "Bring, verify and activate the newest release",
  usage: "--at DIR [-V VERSION [--allow-downgrade]] [--download-only] [--from URL …] [--root FILE]",
  description:
    "Installs into an empty directory, too. The version that runs is untouched until the " +
    "new one is whole and verified. Exit code 0 also when there is nothing to do. -V goes the way that " +
    "the publisher requires, and down only with --allow-downgrade.",
  example: "breccia update --at /opt/app --from https://updates.example/ --root root.json",
  operands: [0, 0],
  flags: {
    ...DEVICE_FLAGS,
    ...VERSION_FLAGS,
    "download-only": { type: "boolean", help: "Stage it; `breccia apply` activates it later" },
  },
  run: update,
};

async function update(context: CommandContext): Promise<void> {
  const { output, signal, flags } = context;
  const { updater, session } = await openUpdater(context);
  const found = await updater.check({ signal });
  const { notes } = updater;
  for (const note of notes) output.log(`note: ${note}`);
  if (found === undefined) {
    const version = session.current?.version;
    output.document({
      updated: false,
      version,
      bytes: { transferred: 0 },
      notes,
      ...requestsOf(updater),
    });
    output.print(`${version} is up to date`);
    return;
  }
  const plan = await found.plan();
  output.print(planText(plan, found.role));
  const result = await download(found, output, signal);
  const activate = !flags.has("download-only");
  if (activate) await found.apply({ signal });
  output.document({
    updated: activate,
    from: found.installed?.version,
    ...planDocument(plan, found.role),
    files: undefined,
    bytes: { ...plan.bytes, transferred: result.transferred },
    reasons: [...plan.reasons, ...result.reasons],
    notes,
    blame: updater.failures,
    ...requestsOf(updater),
  });
  for (const reason of result.reasons) output.log(`note: ${reason}`);
  for (const host of updater.unremembered) {
    output.log(
      `note: password and query of ${host} are not kept; give --from, or BRECCIA_FROM, each time`,
    );
  }
  output.print(
    `${found.version} is ${activate ? "installed" : "staged"}: ` +
      `${result.transferred.toLocaleString("en-US")} bytes transferred`,
  );
}

async function download(
  found: Update,
  output: Output,
  signal: AbortSignal,
): Promise<DownloadResult> {
  try {
    return await found.download({
      signal,
      onProgress: (progress) => output.progress(progressLine(progress)),
    });
  } finally {
    output.progress("");
  }
}

function progressLine({ written, release, transferred }: Progress): string {
  const part = written / release;
  const bar = "#".repeat(Math.round(part * 30)).padEnd(30, ".");
  return `[${bar}] ${(part * 100).toFixed(0).padStart(3)} %  ` +
    `${(transferred / 1e6).toFixed(1)} MB transferred`;
}

/** Every request and body byte of this run, metadata included. */
function requestsOf(updater: Updater): { requests: number; received: number } {
  return { requests: updater.traffic.requests, received: updater.traffic.bytes };
}
