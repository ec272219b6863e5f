import assert from "node:assert/strict";
import { silentTracer } from "../../src/ports/mod.ts";
import { openTelemetryTracer } from "../../workers/status/open_telemetry.ts";
import { type ArrivedSpan, OtlpCollector } from "./otlp_collector.ts";
import { RunningEdge } from "./running_edge.ts";
import { ScriptedServer } from "./scripted_server.ts";
import { StaticRepository } from "./static_repository.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT_SPAN = "00f067aa0ba902b7";
const ARCHIVE = "targets/demo-1.0.0.tar";

/** The one span that is like this. */
function theSpan(
  spans: readonly ArrivedSpan[],
  name: string,
  attributes: Record<string, string | RegExp> = {},
): ArrivedSpan {
  const found = spans.filter((span) =>
    span.name === name &&
    Object.entries(attributes).every(([key, wanted]) => {
      const value = span.attributes.get(key) ?? "";
      return typeof wanted === "string" ? value === wanted : wanted.test(value);
    })
  );
  const told = spans.map((span) => `${span.name} ${JSON.stringify([...span.attributes])}`);
  assert.equal(found.length, 1, `${found.length} spans ${name} in\n${told.join("\n")}`);
  return found[0] as ArrivedSpan;
}

Deno.test("a request and a pass are traced through fetch, verification and store, up to the upstream", async () => {
  const repository = await StaticRepository.create();
  await using collector = new OtlpCollector();
  await using upstream = new ScriptedServer((request) => repository.answer(request));
  try {
    const flags = ["--root", repository.root, "--store", `fs:${repository.path("store")}`];
    await using edge = new RunningEdge(
      ["--upstream", `http://user:hush@${upstream.host}/`, "--on-demand", "--access-log", ...flags],
      collector.environment,
    );
    const url = await edge.listening();
    await edge.logged("generation");
    const traceparent = `00-${TRACE}-${CLIENT_SPAN}-01`;
    const response = await fetch(url + ARCHIVE, { headers: { traceparent } });
    assert.equal(response.status, 200);
    await response.body?.cancel();
    upstream.answer = () => new Response("<html>");
    await edge.stop();

    // The pass.
    const { spans } = collector;
    const pass = theSpan(spans, "breccia.refresh", { "breccia.news": "true" });
    assert.equal(pass.parent, "");
    assert.equal(pass.attributes.get("breccia.timestamp"), "2");
    const below = collector.childrenOf(pass);
    theSpan(below, "breccia.store.put", { "breccia.key": "current" });
    const path = { "breccia.path": "metadata/timestamp.json" };
    const fetching = theSpan(below, "breccia.upstream.fetch", path);
    assert.equal(fetching.attributes.get("server.address"), upstream.host);
    theSpan(collector.childrenOf(fetching), "breccia.verify", path);
    const [generation] = edge.records.filter(({ event }) => event === "generation");
    assert.equal(generation?.["trace"], pass.traceId, "the log names the trace");

    // The request, in the trace of its client.
    const request = theSpan(spans, "GET /targets/*");
    assert.equal(request.traceId, TRACE);
    assert.equal(request.parent, CLIENT_SPAN);
    assert.equal(request.attributes.get("http.route"), "/targets/*");
    const [logged] = edge.records.filter(({ event }) => event === "request");
    assert.equal(logged?.["trace"], TRACE);
    assert.equal(request.attributes.get("breccia.request.id"), logged?.["id"]);
    const done = collector.childrenOf(request);
    const pack = theSpan(done, "breccia.upstream.fetch", { "breccia.path": /^packs\// });
    theSpan(collector.childrenOf(pack), "breccia.verify", { "breccia.key": /^packs\// });
    theSpan(collector.childrenOf(pack), "breccia.store.put", { "breccia.key": /^packs\// });
    theSpan(done, "breccia.store.get", { "breccia.key": /^packs\//, "breccia.bytes": /^\d+$/ });

    // What the upstream was sent names the trace, and the span of the fetch within it.
    const sent = upstream.sent("traceparent").map((header) => header?.split("-") ?? []);
    const ofRequest = sent.filter(([, trace]) => trace === TRACE).map(([, , span]) => span);
    const client = theSpan(collector.childrenOf(pack), "GET");
    assert.ok(ofRequest.includes(client.id));
    assert.ok(sent.some(([, trace]) => trace === pass.traceId));

    assert.ok(!collector.text.includes("hush"), "no password in a trace");
  } finally {
    await repository.close();
  }
});

Deno.test("what is refused is a span that failed, by its code", async () => {
  const repository = await StaticRepository.create();
  await using collector = new OtlpCollector();
  await using upstream = new ScriptedServer((request) =>
    request.url.endsWith("/timestamp.json")
      ? new Response("<html>hush</html>")
      : repository.answer(request)
  );
  try {
    await using edge = new RunningEdge(
      ["--upstream", `http://${upstream.host}/`, "--root", repository.root, "--store", "memory:"],
      collector.environment,
    );
    const failed = await edge.logged("refresh failed");
    await edge.stop();
    const pass = theSpan(collector.spans, "breccia.refresh", {
      "error.type": "metadata-malformed",
    });
    assert.ok(pass.failed);
    assert.equal(failed["trace"], pass.traceId);
    const fetching = theSpan(collector.childrenOf(pass), "breccia.upstream.fetch", {
      "breccia.path": "metadata/timestamp.json",
    });
    const verify = theSpan(collector.childrenOf(fetching), "breccia.verify");
    for (const span of [fetching, verify]) {
      assert.ok(span.failed);
      assert.equal(span.attributes.get("error.type"), "metadata-malformed");
    }
  } finally {
    await repository.close();
  }
});

Deno.test("through tiers of edges, a device's request is one trace", async () => {
  const repository = await StaticRepository.create();
  await using upper = new OtlpCollector();
  await using lower = new OtlpCollector();
  try {
    const flags = ["--root", repository.root, "--store", "memory:", "--on-demand"];
    await using near = new RunningEdge(["--upstream", repository.url, ...flags], upper.environment);
    const at = await near.listening();
    await near.logged("generation");
    await using far = new RunningEdge(["--upstream", at, ...flags], lower.environment);
    const url = await far.listening();
    await far.logged("generation");
    const headers = { traceparent: `00-${TRACE}-${CLIENT_SPAN}-01` };
    await (await fetch(url + ARCHIVE, { headers })).text();
    await far.stop();
    await near.stop();

    const ofDevice = (spans: readonly ArrivedSpan[]) =>
      spans.filter(({ traceId }) => traceId === TRACE);
    const pack = { "breccia.path": /^packs\// };
    const asking = theSpan(ofDevice(lower.spans), "breccia.upstream.fetch", pack);
    const client = theSpan(lower.childrenOf(asking), "GET");
    const answering = theSpan(ofDevice(upper.spans), "GET /packs/:name");
    assert.equal(answering.parent, client.id);
    theSpan(upper.childrenOf(answering), "breccia.upstream.fetch", pack);
  } finally {
    await repository.close();
  }
});

Deno.test("every thread of an edge traces its requests, and logs their traces", async () => {
  const repository = await StaticRepository.create();
  await using collector = new OtlpCollector();
  try {
    await using edge = new RunningEdge(
      ["--upstream", repository.url, "--root", repository.root, "--access-log", "--threads", "3"]
        .concat(["--store", `fs:${repository.path("store")}`]),
      collector.environment,
    );
    const url = await edge.listening();
    const traces = Array.from({ length: 24 }, (_, at) => `${at + 10}`.padStart(32, "a"));
    for (const trace of traces) {
      // A connection of its own, which any thread may take.
      using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
      const headers = { traceparent: `00-${trace}-${CLIENT_SPAN}-01` };
      await (await fetch(`${url}healthz`, { client, headers })).text();
    }
    await edge.stop();
    const logged = edge.records.filter(({ event }) => event === "request");
    assert.deepEqual(logged.map(({ trace }) => trace).sort(), traces);
    for (const { id, trace } of logged) {
      const spans = collector.spans.filter((span) => span.traceId === trace);
      theSpan(spans, "GET", { "breccia.request.id": id as string });
    }
  } finally {
    await repository.close();
  }
});

Deno.test("without a tracer of the runtime nothing stands between an edge and its store", () => {
  assert.equal(openTelemetryTracer(), silentTracer);
});
