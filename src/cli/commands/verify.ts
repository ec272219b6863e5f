import { verifyRepository } from "../../publish/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { openRepository } from "../open_repository.ts";

/** `breccia verify --repo DIR`: checks everything that is published. */
export const command: Command = {
  name: "verify",
  summary: "Check every signature, index, pack, chunk and file",
  usage: "--repo DIR",
  description: "Exits 1 when anything that is published is not as it was signed.",
  example: "breccia verify --repo ./repo",
  operands: [0, 0],
  flags: { repo: { type: "string", value: "DIR", help: "The repository" } },
  run: verify,
};

async function verify({ flags, path, output, signal }: CommandContext): Promise<void | 1> {
  const store = await openRepository(path(flags.required("repo")));
  const verification = await verifyRepository(store, { signal });
  const { releases, packs, chunks, findings } = verification;
  output.document(verification);
  for (const { code, message } of findings) output.print(`${code}: ${message}`);
  output.print(
    `Checked ${releases} releases, ${packs} packs, ${chunks} chunks: ` +
      (findings.length === 0 ? "all as signed." : `${findings.length} not as signed.`),
  );
  if (findings.length > 0) return 1;
}
