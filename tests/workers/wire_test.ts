import assert from "node:assert/strict";
import { testNeedingNode } from "../portable/node.ts";
import { HttpRepository } from "./http_repository.ts";
import { denoSite, nodeSite } from "./http_sites.ts";

const POST = "POST /chunks HTTP/1.1\r\nHost: edge.test\r\n";
const LAST = "GET /healthz HTTP/1.1\r\nHost: edge.test\r\nConnection: close\r\n\r\n";

/** Requests of which two servers in a row might think differently where they end (RFC 9112, section 11.2). */
const AMBIGUOUS: readonly [what: string, text: string][] = [
  ["two lengths", `${POST}Content-Length: 3\r\nContent-Length: 5\r\n\r\nabc`],
  [
    "a length and chunks",
    `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ["an unknown transfer coding", `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ["a negative length", `${POST}Content-Length: -1\r\n\r\n`],
  ["a blank before a colon", `${POST}Content-Length : 3\r\n\r\nabc`],
  ["a folded header", `${POST}X-Any: 1\r\n Content-Length: 3\r\n\r\nabc`],
];

/** Requests with a body that the edge does not want. */
const UNWANTED: readonly [what: string, text: string, status: number][] = [
  ["a GET", "GET /readyz HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 5\r\n\r\nGET /", 200],
  ["a PUT", "PUT /readyz HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 5\r\n\r\nGET /", 405],
  ["another type", `${POST}Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nGET /`, 415],
  [
    "chunks of another type",
    `${POST}Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n`,
    415,
  ],
];

/** Heads that say of no host, of two, or of what is none. Each is refused, and says when. */
const HOSTS: readonly (readonly [host: string, status: number])[] = [
  ["Host: edge.test\r\n", 200],
  ["Host: EDGE.test:8080\r\n", 200],
  ["Host: [2001:db8::1]:80\r\n", 200],
  ["", 400],
  ["Host: \r\n", 400],
  ["Host: a b\r\n", 400],
  ["Host: a/../b\r\n", 400],
  ["Host: a/targets/b?\r\n", 400],
  ["Host: [::zz]\r\n", 400],
  ["Host: a@b\r\n", 400],
  ["Host: a:99999\r\n", 400],
  ["Host: %zz\r\n", 400],
  ["Host: \u00ff\r\n", 400],
  ["Host: a\r\nHost: b\r\n", 400],
];

async function checkHosts(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  for (const [host, status] of HOSTS) {
    for (const path of ["/healthz", "/targets/none", "/metadata/timestamp.json", "/none"]) {
      using connection = await Deno.connect({ hostname, port: Number(port) });
      const text = `GET ${path} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
      await connection.write(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
      const answer = await new Response(connection.readable).text();
      const found = Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]);
      if (status === 400) assert.equal(found, 400, `${host} ${path}`);
      else assert.ok([200, 404].includes(found), `${host} ${path}: ${found}`);
      assert.match(answer, /\r\ndate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n/i, host);
    }
  }
  const metrics = await (await fetch(`${url}metrics`)).text();
  assert.doesNotMatch(metrics, /status="5/, "a client's mistake is no failure of the edge");
}

/** Statuses of the answers on one connection, until the server closes it. */
async function statuses(url: string, text: string): Promise<number[]> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(text));
  let answers = "";
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await connection.read(buffer).catch((error) => {
      if (error instanceof Deno.errors.ConnectionReset) return null;
      throw error;
    });
    if (count === null) break;
    answers += new TextDecoder("latin1").decode(buffer.subarray(0, count));
  }
  return [...answers.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
}

async function checkWire(url: string): Promise<void> {
  for (const [what, text] of AMBIGUOUS) {
    assert.deepEqual(await statuses(url, text + LAST), [400], what);
  }
  for (const [what, text, status] of UNWANTED) {
    assert.deepEqual(await statuses(url, text + LAST), [status, 200], what);
  }
}

Deno.test("breccia edge takes no request that another server may read as two", async () => {
  await using repository = await HttpRepository.create();
  await using site = await denoSite(repository);
  await checkWire(site.url);
  await checkHosts(site.url);
});

testNeedingNode(
  "the edge on Node takes no request that another server may read as two",
  async () => {
    await using repository = await HttpRepository.create();
    await using site = await nodeSite(repository);
    await checkWire(site.url);
    await checkHosts(site.url);
  },
);
