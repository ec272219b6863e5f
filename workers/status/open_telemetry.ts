import {
  ProxyTracerProvider,
  SpanStatusCode,
  trace,
  type Tracer as OpenTelemetryTracer,
} from "@opentelemetry/api";
import { isBrecciaError } from "../../src/errors.ts";
import { silentTracer, type SpanAttributes, type Tracer } from "../../src/ports/mod.ts";

/** Name of the scope that all of our spans have. */
const SCOPE = "breccia";

/**
 * The tracer of the runtime: Deno's own under `OTEL_DENO=true`, elsewhere the one of an SDK that was loaded
 * before. Where there is none, the silent one.
 */
export function openTelemetryTracer(): Tracer {
  const provider = trace.getTracerProvider();
  // The API's stand-in, as long as nobody registers a provider.
  const isAbsent = provider instanceof ProxyTracerProvider &&
    provider.getDelegateTracer(SCOPE) === undefined;
  return isAbsent ? silentTracer : tracerOver(provider.getTracer(SCOPE));
}

function tracerOver(tracer: OpenTelemetryTracer): Tracer {
  return {
    get traceId() {
      return trace.getActiveSpan()?.spanContext().traceId;
    },
    span(name, attributes, work) {
      return tracer.startActiveSpan(name, { attributes }, async (span) => {
        try {
          return await work({ set: (more: SpanAttributes) => void span.setAttributes(more) });
        } catch (error) {
          span.setAttribute("error.type", isBrecciaError(error) ? error.code : "internal");
          // Without its sentence: attributes and logs have that, cut down to what may be shown.
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          span.end();
        }
      });
    },
    amend(name, attributes) {
      trace.getActiveSpan()?.updateName(name).setAttributes(attributes);
    },
  };
}
