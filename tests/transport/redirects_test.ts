import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { followWithinOrigin } from "../../src/transport/mod.ts";

/** A fetch that knows redirects by URL, and what it was asked for. */
function web(redirects: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const fetch = followWithinOrigin((request) => {
    asked.push(`${request.url} ${request.headers.get("authorization")}`);
    const location = redirects[request.url];
    return location === undefined
      ? new Response("here")
      : new Response(null, { status: 302, headers: { location } });
  });
  return { asked, fetch };
}

const request = (url: string, method = "GET") =>
  new Request(url, { method, headers: { authorization: "Bearer x" } });

Deno.test("a redirect on the same server is followed, with all that was sent", async () => {
  const { asked, fetch } = web({ "https://a.test/x": "/y?z" });
  assert.equal(await (await fetch(request("https://a.test/x"))).text(), "here");
  assert.deepEqual(asked, ["https://a.test/x Bearer x", "https://a.test/y?z Bearer x"]);
});

Deno.test("a redirect from http to https on the same host is followed", async () => {
  const { fetch } = web({ "http://a.test/x": "https://a.test/x" });
  assert.equal((await fetch(request("http://a.test/x"))).status, 200);
});

const ELSEWHERE = [
  ["another host", "https://a.test/x", "https://b.test/x"],
  ["another port", "https://a.test/x", "https://a.test:8443/x"],
  ["a lower scheme", "https://a.test/x", "http://a.test/x"],
  ["a private address", "https://a.test/x", "http://127.0.0.1/x"],
  ["a file", "https://a.test/x", "file:///etc/passwd"],
  ["another port of the same host, by https", "http://a.test/x", "https://a.test:8443/x"],
] as const;

for (const [where, from, to] of ELSEWHERE) {
  Deno.test(`a redirect to ${where} is refused, and nothing is sent there`, async () => {
    const { asked, fetch } = web({ [from]: to });
    await assert.rejects(
      async () => await fetch(request(from)),
      (error) => isBrecciaError(error, "http-malformed"),
    );
    assert.deepEqual(asked, [`${from} Bearer x`]);
  });
}

Deno.test("a request for chunks is not sent anywhere else", async () => {
  const { asked, fetch } = web({ "https://a.test/x": "/y" });
  await assert.rejects(async () => await fetch(request("https://a.test/x", "POST")), {
    code: "http-malformed",
  });
  assert.equal(asked.length, 1);
});

Deno.test("a circle of redirects ends after five", async () => {
  const { asked, fetch } = web({ "https://a.test/x": "/y", "https://a.test/y": "/x" });
  await assert.rejects(async () => await fetch(request("https://a.test/x")), {
    code: "http-malformed",
  });
  assert.equal(asked.length, 6);
});
