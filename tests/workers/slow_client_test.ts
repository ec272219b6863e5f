import assert from "node:assert/strict";
import { CHUNK_REQUEST_TYPE } from "../../src/index/mod.ts";
import { silentLog } from "../../src/ports/mod.ts";
import { chunkResponse } from "../../workers/http/chunk_response.ts";
import { ClientLimits } from "../../workers/http/client_limits.ts";
import { serveOnDeno } from "../../workers/entry/deno.ts";
import { stallGuardedStream } from "../../workers/http/stall_guarded_stream.ts";
import { edgeOf, Origin } from "../mirror/edge_fixture.ts";

/** More than the buffers of a socket hold. */
const PIECE = new Uint8Array(1024 * 1024);

/** A body without an end, which tells when its reader has been sent away. */
function endless(stall: number) {
  const left = Promise.withResolvers<unknown>();
  const body = stallGuardedStream(async function* (signal) {
    signal.addEventListener("abort", () => left.resolve(signal.reason));
    for (;;) {
      yield PIECE;
      await Promise.resolve();
    }
  }, { stall });
  return { body, left: left.promise };
}

/** Serves one endless body, and hands out a connection that has asked for it and reads nothing. */
async function stalled(stall: number, drainMilliseconds: number, limits?: ClientLimits) {
  const { body, left } = endless(stall);
  const answers = [new Response(body)];
  const stop = new AbortController();
  const listening = Promise.withResolvers<number>();
  const served = serveOnDeno({ fetch: () => answers.pop() ?? new Response("more") }, {
    limits,
    ...{ hostname: "127.0.0.1", port: 0, signal: stop.signal, log: silentLog, drainMilliseconds },
    onListen: ({ port }) => listening.resolve(port),
  });
  const port = await listening.promise;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: edge.test\r\n\r\n"));
  await connection.read(new Uint8Array(100));
  return { connection, left, served, stop, url: `http://127.0.0.1:${port}/` };
}

Deno.test("a client that stops reading is sent away, and finds its connection closed", async () => {
  const { connection, left, served, stop } = await stalled(200, 10_000);
  assert.equal((await left as DOMException).name, "TimeoutError");
  const rest = await new Response(connection.readable).arrayBuffer().catch((error) => error);
  assert.ok(rest instanceof Error || rest.byteLength > 0, "it is not left open");
  stop.abort();
  await served;
});

Deno.test("a client that stopped reading counts as long as its connection is open", async () => {
  const limits = new ClientLimits({ answers: 1 });
  const { connection, left, served, stop, url } = await stalled(200, 10_000, limits);
  await left;
  assert.equal((await fetch(url)).status, 429);
  connection.close();
  let response = await fetch(url);
  while (response.status === 429) response = await fetch(url);
  assert.equal(response.status, 200);
  await response.body?.cancel().catch(() => {});
  stop.abort();
  await served;
});

Deno.test("a client that reads slowly, but reads, is not sent away", async () => {
  let number = 0;
  const body = stallGuardedStream(async function* () {
    for (; number < 6; number++) yield Uint8Array.of(number);
    await Promise.resolve();
  }, { stall: 2000 });
  const reader = body.getReader();
  for (let expected = 0; expected < 6; expected++) {
    assert.deepEqual((await reader.read()).value, Uint8Array.of(expected));
  }
  assert.equal((await reader.read()).done, true);
});

Deno.test({
  name: "shutting down waits for a download that goes nowhere until the deadline, and no longer",
  // Deno can't close that connection: it ends with the process, or when the client leaves.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const { connection, left, served, stop } = await stalled(60_000, 200);
    stop.abort();
    await served;
    connection.close();
    await left;
  },
});

Deno.test("a request for chunks that never ends is answered 408, and its body given up", async () => {
  const origin = await Origin.create();
  const { edge } = await edgeOf(origin);
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel: () => cancelled.resolve(),
  });
  const request = new Request("http://edge.test/chunks", {
    method: "POST",
    headers: { "content-type": CHUNK_REQUEST_TYPE },
    body,
  });
  const response = await chunkResponse(request, edge, () => {}, { patience: 50 });
  assert.equal(response.status, 408);
  assert.equal(response.headers.get("connection"), "close");
  await cancelled.promise;
});
