/** Severity of a log record. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Receives structured log records. Fields never hold secrets; the core never writes to a console. */
export type Log = (
  level: LogLevel,
  event: string,
  fields?: Readonly<Record<string, string | number | boolean | undefined>>,
) => void;

/** A log that drops every record. */
export const silentLog: Log = (): void => {};
