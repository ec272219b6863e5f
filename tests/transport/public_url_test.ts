import assert from "node:assert/strict";
import fc from "fast-check";
import { HttpClient, Mirror, publicUrl, withoutUrlSecrets } from "../../src/transport/mod.ts";

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
  assert.equal(request?.url, "https://h.test/base/x");
  const [, pair = ""] = request?.headers.get("authorization")?.split("Basic ") ?? [];
  assert.equal(
    new TextDecoder().decode(Uint8Array.from(atob(pair), (c) => c.charCodeAt(0))),
    "us@er:päss",
  );
  assert.throws(() => new Mirror("ftp://u:hush@h.test/", http), (error: Error) => {
    return !error.message.includes("hush");
  });
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
