/** A span as it arrived, with its attributes as text. */
export interface ArrivedSpan {
  readonly scope: string;
  readonly name: string;
  readonly traceId: string;
  readonly id: string;
  /** Empty for the first span of a trace. */
  readonly parent: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly failed: boolean;
}

interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: readonly { key: string; value: Record<string, unknown> }[];
  readonly status?: { readonly code?: number };
}

interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { scope: { name: string }; spans: readonly OtlpSpan[] }[];
  }[];
}

/** An OpenTelemetry collector on loopback: OTLP over HTTP, in JSON. */
export class OtlpCollector implements AsyncDisposable {
  /** Every span, in the order of arrival. */
  readonly spans: ArrivedSpan[] = [];
  /** Everything that arrived, as text. */
  text = "";
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** Starts listening. */
  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        const text = await request.text();
        this.text += text;
        if (new URL(request.url).pathname === "/v1/traces") this.#take(JSON.parse(text));
        return Response.json({});
      },
    );
  }

  /** The environment in which Deno sends its traces here. */
  get environment(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_SERVICE_NAME: "breccia-edge",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
    };
  }

  /** The spans right below one. */
  childrenOf(parent: ArrivedSpan): ArrivedSpan[] {
    return this.spans.filter((span) => span.parent === parent.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #take({ resourceSpans }: OtlpTraces): void {
    for (const { scope, spans } of resourceSpans.flatMap(({ scopeSpans }) => scopeSpans)) {
      for (const span of spans) {
        this.spans.push({
          scope: scope.name,
          name: span.name,
          traceId: span.traceId,
          id: span.spanId,
          parent: span.parentSpanId,
          attributes: new Map(
            span.attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]),
          ),
          failed: span.status?.code === 2,
        });
      }
    }
  }
}
