import { readFile, writeFile } from "node:fs/promises";
import { BrecciaError } from "../../errors.ts";
import { systemClock } from "../../ports/mod.ts";
import { type CeremonyState, draftKey, isComplete, signDraft } from "../../publish/mod.ts";
import { addSignatures, readMetadata } from "../../tuf/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { fileError } from "../file_error.ts";
import { readKey } from "../key_directory.ts";
import { openRepository } from "../open_repository.ts";
import type { Output } from "../output.ts";

/** `breccia sign ROLE --key FILE`: adds one signature to what is staged. */
export const command: Command = {
  name: "sign",
  summary: "Add a signature to what is staged: root, targets, a team",
  usage: "ROLE --key FILE (--repo DIR | --draft FILE) | ROLE --from FILE --repo DIR",
  description:
    "For keys that live on several machines. Sign here with --repo; or carry the draft to " +
    "a machine that has no repository, sign it there with --draft, carry it back and take its " +
    "signatures with --from. `breccia publish` goes on when there are enough.",
  example: "breccia sign root --key /media/usb/root-1f2e3d4c.json --repo ./repo",
  operands: [1, 1],
  flags: {
    repo: { type: "string", value: "DIR", help: "The repository" },
    key: { type: "string", value: "FILE", help: "The private key" },
    draft: { type: "string", value: "FILE", help: "Sign this copy of the draft, in place" },
    from: { type: "string", value: "FILE", help: "Take the signatures of this copy" },
  },
  run: sign,
};

async function sign({ args, flags, path, env, output }: CommandContext): Promise<void> {
  const role = args[0] as string;
  if (role === "snapshot" || role === "timestamp") {
    throw new BrecciaError(
      "usage",
      `${role} is signed by \`breccia publish\`: give root, targets or a team`,
    );
  }
  const from = flags.text("from");
  const draft = flags.text("draft");
  const signer = from === undefined
    ? await readKey(path(flags.required("key")), env("BRECCIA_PASSPHRASE"))
    : undefined;
  if (draft !== undefined && signer !== undefined) {
    const file = path(draft);
    const bytes = await read(file);
    // A draft of another role must not get the signature of a root key by mistake.
    readMetadata(bytes, role === "root" ? "root" : "targets", file);
    await writeFile(file, await addSignatures(bytes, file, [signer])).catch((cause) => {
      throw fileError("write", file, cause);
    });
    output.document({ role, draft: file, keyId: signer.keyId });
    return output.print(`Signed ${file}; carry it back and take it with --from.`);
  }
  const repository = path(flags.required("repo"));
  const store = await openRepository(repository);
  const contribution = signer === undefined
    ? { file: await read(path(from as string)) }
    : { signers: [signer] };
  const state = await signDraft(store, role, contribution, systemClock.now());
  report(role, `${repository}/${draftKey(role)}`, state, output);
}

function report(role: string, draft: string, state: CeremonyState, output: Output): void {
  const complete = isComplete(state);
  const expires = new Date(state.expires).toISOString();
  output.document({ role, draft, ...state, expires, complete });
  output.print(`${role} version ${state.version}, expires ${expires}`);
  for (const [i, { counted, threshold }] of state.counts.entries()) {
    const rule = state.counts.length === 1 ? "its keys" : i === 0 ? "the old root" : "the new root";
    output.print(`  ${counted} of ${threshold} signatures asked for by ${rule}`);
  }
  output.print(
    complete ? "Complete: run `breccia publish`." : `More are needed; the draft is ${draft}.`,
  );
}

async function read(file: string): Promise<Uint8Array> {
  return await readFile(file).catch((cause) => {
    throw fileError("read", file, cause);
  });
}
