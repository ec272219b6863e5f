import assert from "node:assert/strict";
import { RunningEdge } from "./running_edge.ts";
import { ScriptedServer } from "./scripted_server.ts";
import { StaticRepository } from "./static_repository.ts";

/** Planted wherever an operator or a client may have one; none may be shown anywhere. */
const SECRET = {
  upstreamPassword: "hush-upstream-password",
  upstreamToken: "hush-upstream-token",
  redirect: "hush-presigned-redirect",
  accessKey: "HUSHACCESSKEYID",
  secretKey: "hush-secret-access-key",
  sessionToken: "hush-session-token",
  passphrase: "hush-signing-passphrase",
  collector: "hush-collector-key",
  clientBearer: "hush-client-bearer",
  clientCookie: "hush-client-cookie",
  clientQuery: "hush-client-query",
} as const;

const ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: SECRET.accessKey,
  AWS_SECRET_ACCESS_KEY: SECRET.secretKey,
  AWS_SESSION_TOKEN: SECRET.sessionToken,
  BRECCIA_PASSPHRASE: SECRET.passphrase,
  OTEL_EXPORTER_OTLP_HEADERS: `authorization=${SECRET.collector}`,
  BRECCIA_DEBUG: "1",
};

function assertNoSecrets(text: string, where: string): void {
  for (const [name, secret] of Object.entries(SECRET)) {
    const at = text.indexOf(secret);
    assert.equal(at, -1, `${where} shows ${name}: …${text.slice(Math.max(at - 200, 0), at + 60)}`);
  }
}

/** Asks every kind of route as a client with secrets of its own would; resolves with what it was told. */
async function askAll(url: string, paths: readonly string[] = []): Promise<string> {
  const headers = {
    authorization: `Bearer ${SECRET.clientBearer}`,
    cookie: `session=${SECRET.clientCookie}`,
  };
  let told = "";
  const pages = ["", "readyz", "status.json", "metrics", "healthz", "none", "targets/none"];
  for (const path of [...pages, "metadata/timestamp.json", ...paths]) {
    const response = await fetch(`${url}${path}?token=${SECRET.clientQuery}`, { headers });
    told += `${path} ${response.status} ${JSON.stringify([...response.headers])}\n`;
    const text = await response.text();
    if (pages.includes(path) || paths.includes(path)) told += text;
  }
  return told;
}

const endless = () =>
  new Response(new ReadableStream({ pull: (parts) => parts.enqueue(new Uint8Array(65_536)) }));

/** How the upstream may fail, each with the code that the edge gives it. */
const FAILURES: readonly (readonly [code: string, answer: () => Response])[] = [
  ["http-status", () => new Response(SECRET.upstreamPassword, { status: 500 })],
  ["metadata-malformed", () => new Response(`{"token":"${SECRET.upstreamToken}"}`)],
  ["endless-data", endless],
  [
    "http-malformed",
    () => Response.redirect(`http://u:${SECRET.redirect}@127.0.0.1:1/x?sig=${SECRET.redirect}`),
  ],
];

for (const [code, failure] of FAILURES) {
  Deno.test(`an edge whose upstream fails with ${code} shows no secret anywhere`, async () => {
    const repository = await StaticRepository.create();
    await using upstream = new ScriptedServer((request) => repository.answer(request));
    try {
      const url =
        `http://user:${SECRET.upstreamPassword}@${upstream.host}/?token=${SECRET.upstreamToken}`;
      await using edge = new RunningEdge(
        ["--upstream", url, "--root", repository.root, "--store", "memory:"].concat(
          ["--interval", "1", "--access-log", "--on-demand"],
        ),
        ENVIRONMENT,
      );
      const at = await edge.listening();
      await edge.logged("generation");
      const expected = `Basic ${btoa(`user:${SECRET.upstreamPassword}`)}`;
      assert.deepEqual(new Set(upstream.sent("authorization")), new Set([expected]));
      let told = await askAll(at);

      upstream.answer = failure;
      await edge.logged("refresh failed", (record) => record["code"] === code);
      told += await askAll(at, ["targets/demo-1.0.0.tar"]);
      await edge.logged("request failed");
      assert.match(told, /^targets\/demo-1\.0\.0\.tar 502/m);
      assert.match(told, new RegExp(`"code":"${code}"`));

      assert.equal(await edge.stop(), 0);
      assert.ok(edge.records.some(({ event }) => event === "request"), "there is an access log");
      assertNoSecrets(told, "an answer");
      assertNoSecrets(edge.said, "the log");
    } finally {
      await repository.close();
    }
  });
}

Deno.test("an edge of several upstreams shows no secret of its configuration", async () => {
  const repository = await StaticRepository.create();
  await using upstream = new ScriptedServer((request) => repository.answer(request));
  try {
    const upstreams = [SECRET.upstreamPassword, SECRET.upstreamToken].map((password, at) => ({
      name: `app${at}`,
      url: `http://user:${password}@${upstream.host}/?token=${SECRET.upstreamToken}`,
      root: repository.root,
      interval: 1,
    }));
    const config = repository.path("edge.json");
    await Deno.writeTextFile(config, JSON.stringify({ store: "memory:", upstreams }));
    await using edge = new RunningEdge(["--config", config, "--access-log"], ENVIRONMENT);
    const at = await edge.listening();
    for (const name of ["app0", "app1"]) {
      await edge.logged("generation", ({ upstream }) => upstream === name);
    }
    upstream.answer = endless;
    for (const name of ["app0", "app1"]) {
      await edge.logged("refresh failed", ({ upstream }) => upstream === name);
    }
    const pages = ["app0/", "app1/status.json", "upstreams/app0", "upstreams/app1/metrics"];
    const told = await askAll(at) + await askAll(at, pages) + await askAll(`${at}app0/`);
    assert.match(told, /"name":"app1"/);
    await edge.stop();
    assertNoSecrets(told, "an answer");
    assertNoSecrets(edge.said, "the log");
  } finally {
    await repository.close();
  }
});

Deno.test("an edge whose bucket refuses it shows no key, whatever the service echoes", async () => {
  const repository = await StaticRepository.create();
  // What real services send with SignatureDoesNotMatch.
  const echo = `<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>${SECRET.accessKey}` +
    `</AWSAccessKeyId><StringToSign>${SECRET.secretKey} ${SECRET.sessionToken}</StringToSign></Error>`;
  await using bucket = new ScriptedServer(() => new Response(echo, { status: 403 }));
  try {
    for (const endpoint of [`http://${bucket.host}`, "http://127.0.0.1:1"]) {
      await using edge = new RunningEdge(
        ["--upstream", repository.url, "--root", repository.root, "--access-log"].concat(
          ["--store", `s3://bucket/x?endpoint=${encodeURIComponent(endpoint)}`],
        ),
        ENVIRONMENT,
      );
      const at = await edge.listening();
      await edge.logged("kept metadata refused");
      assertNoSecrets(await askAll(at), "an answer");
      await edge.stop();
      assertNoSecrets(edge.said, "the log");
    }
    assert.ok(bucket.sent("authorization").length > 0, "the bucket was asked");
  } finally {
    await repository.close();
  }
});

const MISUSES: readonly (readonly [what: string, flags: readonly string[]])[] = [
  ["an upstream that is no web server", ["--upstream", `ftp://u:${SECRET.upstreamPassword}@h/`]],
  ["an upstream that is no URL", ["--upstream", `http://u:${SECRET.upstreamPassword}/x@h:y/`]],
  ["a bucket with its keys in the URL", [
    ...["--upstream", "http://127.0.0.1:1/"],
    ...["--store", `s3://${SECRET.accessKey}:${SECRET.secretKey}@bucket/`],
  ]],
  ["a bucket whose endpoint has a password", [
    ...["--upstream", "http://127.0.0.1:1/"],
    ...["--store", `s3://bucket/?endpoint=http%3A%2F%2Fu%3A${SECRET.secretKey}%40h%2F`],
  ]],
  ["a bucket with a parameter of its own", [
    ...["--upstream", "http://127.0.0.1:1/"],
    ...["--store", `s3://bucket/?secret_access_key=${SECRET.secretKey}`],
  ]],
  ["a store of no kind that is known", [
    ...["--upstream", "http://127.0.0.1:1/"],
    ...["--store", `redis://:${SECRET.secretKey}@host/0`],
  ]],
];

for (const [what, flags] of MISUSES) {
  Deno.test(`${what} is refused in a sentence that shows no secret`, async () => {
    await using edge = new RunningEdge(["--root", "deno.json", ...flags], ENVIRONMENT);
    assert.equal(await edge.ended(), 2, edge.said);
    assert.match(edge.said, /error\[usage\]/);
    assertNoSecrets(edge.said, "the error");
  });
}
