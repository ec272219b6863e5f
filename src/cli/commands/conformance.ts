import { isBrecciaError } from "../../errors.ts";
import type { Command, CommandContext } from "../command.ts";
import { type ConformanceFlag, runConformance } from "../conformance.ts";

/** `breccia conformance`: the TUF client that the public conformance suite drives. */
export const command: Command = {
  name: "conformance",
  summary: "Run the bare TUF client workflow, for the test suite",
  usage:
    "--metadata-dir D [--metadata-url U] init ROOT | refresh | download --target-name N --target-base-url B --target-dir T",
  description: "Keeps exactly the TUF metadata files in D. Exits 0 when done and 1 otherwise.",
  example: "breccia conformance --metadata-dir trusted \\\n" +
    "  --metadata-url https://updates.example/metadata refresh",
  operands: [1, 2],
  flags: {
    "metadata-dir": { type: "string", value: "DIR", help: "Where trusted metadata is kept" },
    "metadata-url": { type: "string", value: "URL", help: "Where metadata is served" },
    "target-name": { type: "string", value: "PATH", help: "The target to download" },
    "target-base-url": { type: "string", value: "URL", help: "Where targets are served" },
    "target-dir": { type: "string", value: "DIR", help: "Where downloads go" },
  },
  run,
};

async function run({ args, flags, path, output }: CommandContext): Promise<void | 1> {
  const flag = (name: ConformanceFlag): string => flags.required(name);
  try {
    await runConformance({ flag, operands: args, path, now: Date.now() });
  } catch (error) {
    if (!isBrecciaError(error) || error.code === "usage") throw error;
    output.log(`${error.code}: ${error.message}`);
    return 1;
  }
}
