/**
 * `breccia edge` for Node 22 and up, as `bin/build_node_edge.ts` bundles it.
 *
 * @module
 */

import process from "node:process";
import type { LogLevel } from "../ports/mod.ts";
import { BrokenAnswer } from "../../workers/watched_file.ts";
import { logLines } from "./log_lines.ts";
import { processSurroundings } from "./process_surroundings.ts";
import { runProgram } from "./program.ts";
import { useNativeHashing } from "./runtime.ts";

useNativeHashing();
sayInTheLog();
process.exitCode = await runProgram(processSurroundings(["edge", ...process.argv.slice(2)]));
// Sockets that are idle would keep the process for seconds.
process.exit();

/** The HTTP library talks to the console. Here stdout is for results, and stderr for a log in JSON. */
function sayInTheLog(): void {
  const log = logLines((line) => process.stderr.write(`${line}\n`));
  const say = (level: LogLevel) => (what: unknown): void => {
    // Our own log has told why.
    if (!(what instanceof BrokenAnswer)) log(level, "runtime", { message: String(what) });
  };
  [console.error, console.warn, console.info] = [say("error"), say("warn"), say("info")];
}
