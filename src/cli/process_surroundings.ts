import { writeSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { BrecciaError } from "../errors.ts";
import type { Surroundings } from "./program.ts";

/** The real process around a command line. */
export function processSurroundings(words: readonly string[]): Surroundings {
  return {
    words,
    env: (name) => process.env[name],
    cwd: callersDirectory(),
    stdout: (text) => write(1, text),
    stderr: (text) => write(2, text),
    terminal: process.stderr.isTTY === true,
    signal: signalOf("SIGINT", "SIGTERM"),
    version: config.version,
  };
}

/**
 * `deno task` moves to the project's root and leaves the caller's directory in INIT_CWD. Elsewhere an
 * inherited INIT_CWD says nothing about us.
 */
function callersDirectory(): string {
  const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
  return process.cwd() === root ? process.env["INIT_CWD"] ?? root : process.cwd();
}

/** Writes all of `text`; a reader that went away (`breccia … | head`) is no error. */
function write(fd: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
    }
  }
}

/** Aborted by the first of these signals; a second one ends the process at once. */
function signalOf(...names: ("SIGINT" | "SIGTERM")[]): AbortSignal {
  const controller = new AbortController();
  for (const name of names) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort(new BrecciaError("cancelled", `Stopped by ${name}; run it again to go on`));
    });
  }
  return controller.signal;
}
