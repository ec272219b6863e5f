import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { isInnerHost } from "../../src/transport/inner_host.ts";
import { followRedirects, type RedirectReach } from "../../src/transport/mod.ts";

/** A fetch that knows redirects by URL, and what it was asked for. */
function web(redirects: Readonly<Record<string, string>>, reach: RedirectReach = "nowhere") {
  const asked: string[] = [];
  const fetch = followRedirects((request) => {
    asked.push(`${request.url} ${request.headers.get("authorization")}`);
    const location = redirects[request.url];
    return location === undefined
      ? new Response("here")
      : new Response(null, { status: 302, headers: { location } });
  }, reach);
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
  Deno.test(`a redirect of an edge to ${where} is refused, and nothing is sent there`, async () => {
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

Deno.test("a device is led to another public server by https, and hands nothing on that tells who it is", async () => {
  const headers: [string, string][] = [];
  const fetch = followRedirects((request) => {
    if (request.url.startsWith("https://a.test/")) {
      const location = "https://user:hush@cdn.test/x?sig=1";
      return new Response(null, { status: 302, headers: { location } });
    }
    headers.push([request.url, JSON.stringify([...request.headers])]);
    return new Response("here");
  }, "public");
  const sent = { authorization: "Bearer x", cookie: "a=b", "x-token": "y", range: "bytes=0-3" };
  const response = await fetch(new Request("https://a.test/x", { headers: sent }));
  assert.equal(await response.text(), "here");
  assert.deepEqual(headers, [["https://cdn.test/x?sig=1", '[["range","bytes=0-3"]]']]);
});

const DOWNWARDS = [
  ["another host without https", "https://a.test/x", "http://b.test/x"],
  ["another host without https, as a captive portal does", "http://a.test/x", "http://b.test/x"],
  ["this machine", "https://a.test/x", "https://localhost/x"],
  ["this machine, spelled as a number", "https://a.test/x", "https://2130706433/x"],
  ["this machine in IPv6", "https://a.test/x", "https://[::1]/x"],
  ["this machine, mapped", "https://a.test/x", "https://[::ffff:127.0.0.1]/x"],
  ["a cloud's metadata service", "https://a.test/x", "https://169.254.169.254/x"],
  ["a private address", "https://a.test/x", "https://10.1.2.3/x"],
  ["an address of a carrier's network", "https://a.test/x", "https://100.100.1.1/x"],
  ["a name of a network of one's own", "https://a.test/x", "https://router.local/x"],
  ["a name without a dot", "https://a.test/x", "https://intranet/x"],
  ["a file", "https://a.test/x", "file:///etc/passwd"],
] as const;

for (const [where, from, to] of DOWNWARDS) {
  Deno.test(`a redirect of a device to ${where} is refused, and nothing is sent there`, async () => {
    const { asked, fetch } = web({ [from]: to }, "public");
    await assert.rejects(
      async () => await fetch(request(from)),
      (error) => isBrecciaError(error, "http-malformed"),
    );
    assert.deepEqual(asked, [`${from} Bearer x`]);
  });
}

Deno.test("hosts just beside the inner networks are public", () => {
  for (const host of ["9.255.255.255", "11.0.0.0", "172.32.0.1", "100.128.0.1", "[2606:4700::1]"]) {
    assert.equal(isInnerHost(host), false, host);
  }
  for (
    const host of ["172.31.255.255", "192.168.0.1", "[fd00::1]", "[fe80::1]", "[64:ff9b::a00:1]"]
  ) {
    assert.equal(isInnerHost(host), true, host);
  }
});

Deno.test("a device, too, follows five redirects and no more, wherever they lead", async () => {
  const { asked, fetch } = web(
    { "https://a.test/x": "https://b.test/x", "https://b.test/x": "https://a.test/x" },
    "public",
  );
  await assert.rejects(async () => await fetch(request("https://a.test/x")), {
    code: "http-malformed",
  });
  assert.equal(asked.length, 6);
  assert.ok(asked.slice(1).every((sent) => sent.endsWith(" null")), "no token comes back either");
});
