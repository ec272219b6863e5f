import assert from "node:assert/strict";
import fc from "fast-check";
import {
  followRedirects,
  HttpClient,
  Mirror,
  MirrorSet,
  publicUrl,
  readAnswer,
  withoutUrlSecrets,
} from "../../src/transport/mod.ts";

const CASES: readonly (readonly [text: string, shown: string])[] = [
  ["https://h.test/a/b", "https://h.test/a/b"],
  ["https://user:pass@h.test:8080/a?token=x#y", "https://h.test:8080/a"],
  ["https://user@h.test", "https://h.test"],
  ["https://user:p@ss@h.test/@scope/pkg", "https://h.test/@scope/pkg"],
  ["https://user:pa/ss@h.test/", "https://…"],
  ["https://user:pa?ss@h.test/", "https://…"],
  ["https://user:pa#ss@h.test/", "https://…"],
  ["http://[::1]:80/x?y", "http://[::1]:80/x"],
  ["s3://key:secret@bucket/prefix?x=y", "s3://bucket/prefix"],
  ["fetch (http://h/x?a=b): refused; http://u:p@i/", "fetch (http://h/x): refused; http://i/"],
  ['{"a":"http://h/?q","b":"c?d"}', '{"a":"http://h/","b":"c?d"}'],
  ["no URL: a@b?c", "no URL: a@b?c"],
];

for (const [text, shown] of CASES) {
  Deno.test(`what may be shown of ${JSON.stringify(text)} is ${JSON.stringify(shown)}`, () => {
    assert.equal(withoutUrlSecrets(text), shown);
    assert.equal(withoutUrlSecrets(shown), shown, "nothing more goes");
  });
}

Deno.test("no password, token or fragment survives in what is shown of a URL", () => {
  const secret = fc.string({ minLength: 6, maxLength: 20 }).map((text) => `!${text}!`);
  fc.assert(fc.property(secret, secret, secret, (password, query, fragment) => {
    const url = new URL("https://h.test/path");
    [url.password, url.search, url.hash] = [password, query, fragment];
    assert.equal(publicUrl(url), "https://h.test/path");
  }));
});

Deno.test("credentials in a mirror's URL are sent to it as Basic, and stand in no URL or error", async () => {
  const seen: Request[] = [];
  const http = new HttpClient({
    fetch: (request) => {
      seen.push(request);
      throw new TypeError(`error sending request for url (${request.url}?token=hush)`);
    },
  });
  const mirror = new Mirror("https://us%40er:p%C3%A4ss@h.test/base?token=hush", http);
  assert.equal(mirror.url.href, "https://h.test/base/");
  const error = await mirror.send("x", { maxBytes: 1 }).then(() => undefined, String);
  assert.match(error ?? "", /https:\/\/h\.test/);
  assert.doesNotMatch(error ?? "", /hush|p%C3|päss/);
  const [request] = seen;
  assert.equal(request?.url, "https://h.test/base/x?token=hush");
  const [, pair = ""] = request?.headers.get("authorization")?.split("Basic ") ?? [];
  assert.equal(
    new TextDecoder().decode(Uint8Array.from(atob(pair), (c) => c.charCodeAt(0))),
    "us@er:päss",
  );
  assert.throws(() => new Mirror("ftp://u:hush@h.test/", http), (error: Error) => {
    return !error.message.includes("hush");
  });
});

Deno.test("a query in a mirror's URL goes with every request to it, as it is spelled, and stands in no URL or error", async () => {
  const seen: string[] = [];
  const answers = [404, 503];
  const http = new HttpClient({
    fetch: (request) => {
      seen.push(request.url);
      return new Response("x", { status: answers.shift() ?? 200 });
    },
  });
  const mirrors = new MirrorSet(["https://h.test/base/?sv=1&sig=a%2Bhush%3D"], http);
  const [mirror] = mirrors.mirrors as [Mirror];
  for (const path of ["metadata/2.root.json", "x?own=1"]) {
    await (await mirror.send(path, { maxBytes: 1 })).cancel();
  }
  assert.deepEqual(seen, [
    "https://h.test/base/metadata/2.root.json?sv=1&sig=a%2Bhush%3D",
    "https://h.test/base/x?own=1&sv=1&sig=a%2Bhush%3D",
  ]);
  assert.equal(mirror.url.href, "https://h.test/base/");
  assert.equal(mirror.hasSecrets, true);
  assert.equal(new Mirror("https://h.test/", http).hasSecrets, false);
  const refused = mirrors.attempt("x", (asked) => asked.send("long", { maxBytes: 0 }));
  await assert.rejects(
    refused.then((answer) => readAnswer(answer)),
    (error: Error) => !error.message.includes("hush"),
  );
});

Deno.test("where a mirror redirects to another server, the query of its address is not handed on", async () => {
  const seen: string[] = [];
  const fetch = followRedirects((request) => {
    seen.push(request.url);
    return seen.length === 1
      ? new Response(null, { status: 302, headers: { location: "https://cdn.test/x" } })
      : new Response("x");
  }, "public");
  const mirror = new Mirror("https://h.test/?sig=hush", new HttpClient({ fetch }));
  await (await mirror.send("x", { maxBytes: 1 })).cancel();
  assert.deepEqual(seen, ["https://h.test/x?sig=hush", "https://cdn.test/x"]);
});

Deno.test("a mirror that redirects elsewhere does not hand its credentials on", async () => {
  const seen: (string | null)[] = [];
  const serve = (handler: (request: Request) => Response) =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      seen.push(request.headers.get("authorization"));
      return handler(request);
    });
  await using elsewhere = serve(() => new Response("x"));
  await using mirrorServer = serve(() =>
    Response.redirect(`http://127.0.0.1:${elsewhere.addr.port}/`)
  );
  const http = new HttpClient({ fetch });
  const mirror = new Mirror(`http://user:hush@127.0.0.1:${mirrorServer.addr.port}/`, http);
  await (await mirror.send("x", { maxBytes: 1 })).cancel();
  assert.equal(seen.length, 2);
  assert.ok(seen[0]?.startsWith("Basic "));
  assert.equal(seen[1], null);
});
