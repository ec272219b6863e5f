import type { Log } from "../ports/mod.ts";
import { withoutUrlSecrets } from "../transport/mod.ts";

/** A log of one JSON line for each record. No URL in it shows credentials, a query or a fragment. */
export function logLines(write: (line: string) => void): Log {
  return (level, event, fields) => {
    const record = { time: new Date().toISOString(), level, event, ...fields };
    write(withoutUrlSecrets(JSON.stringify(record)));
  };
}
