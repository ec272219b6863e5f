import { plainJson } from "../../src/bytes/mod.ts";
import { type Log, silentTracer, type Tracer } from "../../src/ports/mod.ts";
import { cutUrlSecrets } from "../../src/transport/mod.ts";

/**
 * A log of one JSON line for each record, with the id of the trace that runs. No URL in it shows
 * credentials, a query or a fragment.
 */
export function logLines(write: (line: string) => void, tracer: Tracer = silentTracer): Log {
  return (level, event, fields) => {
    const trace = tracer.traceId;
    const record = { time: new Date().toISOString(), level, event, trace, ...fields };
    write(plainJson(record, cutUrlSecrets));
  };
}
