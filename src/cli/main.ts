/**
 * The `breccia` program: the real process around {@linkcode runProgram}.
 *
 * @module
 */

import process from "node:process";
import { processSurroundings } from "./process_surroundings.ts";
import { runProgram } from "./program.ts";
import { useNativeHashing } from "./runtime.ts";

useNativeHashing();
process.exitCode = await runProgram(processSurroundings(process.argv.slice(2)));
// Sockets that a command left idle would keep the process for seconds.
process.exit();
