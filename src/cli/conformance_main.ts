/**
 * `bin/breccia-conformance`: exits 0 when it is done, 1 whenever it is not.
 *
 * @module
 */

import { resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { BrecciaError, isBrecciaError } from "../errors.ts";
import { CONFORMANCE_FLAGS, runConformance } from "./conformance.ts";

try {
  const options = Object.fromEntries(
    CONFORMANCE_FLAGS.map((name) => [name, { type: "string" } as const]),
  );
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  await runConformance({
    operands: positionals,
    flag: (name) => {
      const value = values[name];
      if (value === undefined) throw new BrecciaError("usage", `--${name} is missing`);
      return value;
    },
    path: (typed) => resolve(typed),
    now: Date.now(),
  });
  process.exit(0);
} catch (error) {
  process.stderr.write(`${sentence(error)}\n`);
  process.exit(1);
}

function sentence(error: unknown): string {
  if (isBrecciaError(error)) return `${error.code}: ${error.message}`;
  // What `parseArgs` says is a sentence; the class of its error is ours to leave out.
  return error instanceof TypeError ? `usage: ${error.message}` : String(error);
}
