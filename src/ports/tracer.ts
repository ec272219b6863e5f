/** What a span says of itself. No value is a secret. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A stretch of work while it runs. */
export interface Span {
  /** Adds attributes that were not known when it began. */
  set(attributes: SpanAttributes): void;
}

/**
 * Receives traces of what was done, for how long and because of what: OpenTelemetry in the composition
 * roots. A span that is begun inside another one is its child, also across waiting.
 */
export interface Tracer {
  /** Id of the trace that runs, 32 hexadecimal digits, for logs. */
  readonly traceId: string | undefined;
  /**
   * Does `work` inside a new span, and returns or throws what it does. A throw marks the span as failed,
   * by the code of the error and without its sentence.
   *
   * @param name Of a small set: `"breccia.refresh"`. What varies is an attribute.
   */
  span<T>(name: string, attributes: SpanAttributes, work: (span: Span) => Promise<T>): Promise<T>;
  /** Renames the span that runs, which the runtime began for a request, and adds attributes to it. */
  amend(name: string, attributes: SpanAttributes): void;
}

const NO_SPAN: Span = { set() {} };

/** A tracer that only does the work. */
export const silentTracer: Tracer = {
  traceId: undefined,
  span: (_name, _attributes, work) => work(NO_SPAN),
  amend() {},
};
