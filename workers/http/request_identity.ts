/** What one request is called in logs and, where no cache keeps the answer, in `X-Request-Id`. */
export interface RequestIdentity {
  /** The client's own name for it, or a random one. */
  readonly id: string;
  /** The trace that it belongs to, 32 hexadecimal digits, if the client says so. */
  readonly trace?: string;
}

/** Names of requests that are taken over from clients; others are ignored, as they go into logs. */
const SANE_ID = /^[\w.-]{1,64}$/;

/** W3C Trace Context, level 1: version, trace, parent span, flags. */
const TRACE_PARENT =
  /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/;

/** Names a request by its `X-Request-Id` and `traceparent`, as far as they are sane. */
export function identify({ headers }: Request): RequestIdentity {
  const known = headers.get("x-request-id");
  const id = known !== null && SANE_ID.test(known) ? known : crypto.randomUUID();
  const trace = TRACE_PARENT.exec(headers.get("traceparent") ?? "")?.[1];
  return { id, ...(trace !== undefined && { trace }) };
}
