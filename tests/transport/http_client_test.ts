import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import {
  escapePath,
  HttpClient,
  type HttpRequest,
  MetadataMirrors,
  MirrorSet,
  readAnswer,
} from "../../src/transport/mod.ts";

/** For what is meant to time out; a busy machine may take longer for anything else. */
const HASTY = { headers: 200, idle: 200 };

/** Runs `use` against a real server on the loopback, and ends it. */
async function serving(
  handler: (request: Request) => Response | Promise<Response>,
  use: (base: URL) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  try {
    await use(new URL(`http://127.0.0.1:${server.addr.port}/`));
  } finally {
    await server.shutdown();
  }
}

async function get(
  url: URL,
  request?: Partial<HttpRequest>,
  client: HttpClient = new HttpClient({ fetch }),
): Promise<Uint8Array> {
  return await readAnswer(await client.send({ url, maxBytes: 1000, ...request }));
}

const failsWith = (code: string) => (error: unknown): boolean =>
  isBrecciaError(error) && error.code === code && !error.message.includes("\n");

Deno.test("a body of exactly the bound is read; one byte more is refused, announced or not", async () => {
  const streamed = (bytes: number): Response =>
    new Response(new Blob([new Uint8Array(bytes)]).stream());
  await serving((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/announced") return new Response(new Uint8Array(1001));
    return streamed(pathname === "/exact" ? 1000 : 1001);
  }, async (base) => {
    assert.equal((await get(new URL("exact", base))).length, 1000);
    await assert.rejects(get(new URL("announced", base)), failsWith("response-oversized"));
    await assert.rejects(get(new URL("streamed", base)), failsWith("response-oversized"));
  });
});

Deno.test("a server that never answers, or stops in the midst, ends in a timeout", async () => {
  const released = Promise.withResolvers<void>();
  await serving(async (request) => {
    if (request.url.endsWith("/silent")) await released.promise;
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(10)),
      }),
    );
  }, async (base) => {
    const hasty = new HttpClient({ fetch, timeouts: HASTY });
    await assert.rejects(get(new URL("silent", base), {}, hasty), failsWith("timeout"));
    await assert.rejects(get(new URL("stops", base), {}, hasty), failsWith("timeout"));
    released.resolve();
  });
});

Deno.test("no server at all is offline, never an empty answer", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await assert.rejects(get(new URL(`http://127.0.0.1:${port}/`)), failsWith("offline"));
});

Deno.test("a connection that breaks off mid-body is a truncated answer", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const serve = (async () => {
    const connection = await listener.accept();
    await connection.read(new Uint8Array(4096));
    await connection.write(
      new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"),
    );
    connection.close();
  })();
  const { port } = listener.addr as Deno.NetAddr;
  await assert.rejects(get(new URL(`http://127.0.0.1:${port}/`)), failsWith("response-truncated"));
  await serve;
  listener.close();
});

Deno.test("a 206 of another range than the one asked for is refused", async () => {
  await serving((request) => {
    const shift = request.url.endsWith("/lies") ? 1 : 0;
    return new Response(new Uint8Array(10), {
      status: 206,
      headers: { "content-range": `bytes ${5 + shift}-${14 + shift}/100` },
    });
  }, async (base) => {
    const range = { offset: 5, length: 10 };
    assert.equal((await get(new URL("honest", base), { range })).length, 10);
    await assert.rejects(get(new URL("lies", base), { range }), failsWith("http-malformed"));
  });
});

Deno.test("a cancelled request says so, before it is sent and while it waits", async () => {
  await serving(
    () => new Promise((resolve) => setTimeout(() => resolve(new Response()), 100)),
    async (base) => {
      await assert.rejects(get(base, { signal: AbortSignal.abort() }), failsWith("cancelled"));
      const controller = new AbortController();
      const waiting = get(base, { signal: controller.signal });
      controller.abort();
      await assert.rejects(waiting, failsWith("cancelled"));
    },
  );
});

Deno.test("a dead or lying mirror never blocks a good one, and is named", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const dead = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/`;
  listener.close();
  await serving(() => new Response("good"), async (base) => {
    const mirrors = new MirrorSet([dead, base.href], new HttpClient({ fetch }));
    const read = async (): Promise<string> =>
      await mirrors.attempt("a file", async (mirror) => {
        const answer = await mirror.send(escapePath("a b/#?.json"), { maxBytes: 100 });
        return new TextDecoder().decode(await readAnswer(answer));
      });
    assert.equal(await read(), "good");
    assert.equal(mirrors.mirrors[0]?.failures[0]?.code, "offline");
    assert.equal(mirrors.preferred.url.href, base.href);
    const before = mirrors.http.requests;
    assert.equal(await read(), "good");
    assert.equal(mirrors.http.requests, before + 1, "the dead mirror is not asked first again");
  });
});

Deno.test("when every mirror fails the error names each", async () => {
  await serving(() => new Response("no", { status: 500 }), async (base) => {
    const http = new HttpClient({ fetch });
    const mirrors = new MirrorSet([base.href, `${base.href}other`], http);
    await assert.rejects(
      mirrors.attempt("a file", async (mirror) => {
        await readAnswer(await mirror.send("x", { maxBytes: 1 }));
      }),
      (error) =>
        isBrecciaError(error, "response-oversized") && error.message.includes("any of 2 mirrors"),
    );
  });
});

Deno.test("a metadata name goes out as TUF spells it: percent-encoded once, and under metadata/", async () => {
  const asked: string[] = [];
  const http = new HttpClient({
    fetch: (request) => {
      asked.push(new URL(request.url).pathname);
      return new Response("{}");
    },
  });
  const source = new MetadataMirrors(new MirrorSet(["https://mirror.test/base"], http));
  const accept = (bytes: Uint8Array): Promise<number> => Promise.resolve(bytes.length);
  await source.fetch("7.team%2Fa.json", { maxBytes: 10, accept });
  await source.fetch("..%2F..%2Fx.json", { maxBytes: 10, accept });
  assert.deepEqual(asked, [
    "/base/metadata/7.team%2Fa.json",
    "/base/metadata/..%2F..%2Fx.json",
  ]);
});
