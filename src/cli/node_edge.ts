/**
 * `breccia edge` for Node 22 and up, as `bin/build_node_edge.ts` bundles it.
 *
 * @module
 */

import process from "node:process";
import { logLines } from "../../workers/process/log_lines.ts";
import { processSurroundings } from "./process_surroundings.ts";
import { sayInTheLog } from "../../workers/process/console_log.ts";
import { runProgram } from "./program.ts";
import { useNativeHashing } from "./runtime.ts";

useNativeHashing();
sayInTheLog(logLines((line) => process.stderr.write(`${line}\n`)));
process.exitCode = await runProgram(processSurroundings(["edge", ...process.argv.slice(2)]));
// Sockets that are idle would keep the process for seconds.
process.exit();
