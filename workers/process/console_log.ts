import type { Log, LogLevel } from "../../src/ports/mod.ts";
import { BrokenAnswer } from "../http/watched_file.ts";

/** What libraries and the runtime tell the console goes into `log`: stderr holds JSON lines alone. */
export function sayInTheLog(log: Log): void {
  const say = (level: LogLevel) => (...what: unknown[]): void => {
    // Our own log has told why.
    if (what[0] instanceof BrokenAnswer) return;
    log(level, "runtime", { message: what.map(String).join(" ") });
  };
  [console.error, console.warn, console.info] = [say("error"), say("warn"), say("info")];
  [console.log, console.debug] = [say("info"), say("info")];
}
