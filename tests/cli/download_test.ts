import assert from "node:assert/strict";
import { gzip } from "pako";
import { equalBytes } from "../../src/bytes/mod.ts";
import { edgeOf, PATIENT } from "../mirror/edge_fixture.ts";
import { ForeignOrigin } from "../mirror/foreign_fixture.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";
import { call } from "./call.ts";

/** A .tar.gz of text, of which a twelfth is what `changed` says. */
function archive(changed: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(1_200_000);
  for (let i = 0; i < 12; i++) {
    const file = pseudoRandomBytes(100_000, i === 5 ? changed : i + 1);
    whole.set(file.map((byte) => 97 + byte % 12), i * 100_000);
  }
  return gzip(whole, { level: 6, legacyHash: true });
}

/** An edge on loopback in front of two versions of a file, and a folder with the old one. */
async function scene() {
  const origin = await ForeignOrigin.create({
    "app-1.tar.gz": archive(100),
    "app-2.tar.gz": archive(200),
  });
  const { edge, app } = await edgeOf(origin, {}, PATIENT);
  await edge.refresh();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => app.fetch(request),
  );
  const cwd = await Deno.makeTempDir();
  await Deno.writeFile(`${cwd}/root.json`, await origin.root());
  await Deno.writeFile(`${cwd}/old.tar.gz`, archive(100));
  const now = ["--now", "2026-01-01T00:00:00Z"];
  return {
    cwd,
    base: `http://127.0.0.1:${server.addr.port}/`,
    run: (...words: string[]) => call(["download", ...words, ...now, "--json"], { cwd }),
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(cwd, { recursive: true });
    },
  };
}

Deno.test("breccia download brings a foreign archive by what changed since the old one", async () => {
  await using here = await scene();
  const { code, stdout, stderr } = await here.run(
    ...["app-2.tar.gz", "--from", here.base, "--root", "root.json", "--seed", "old.tar.gz"],
  );
  assert.equal(code, 0, stderr);
  const done = JSON.parse(stdout);
  assert.equal(done.way, "chunks");
  assert.ok(done.saved > 0.7 * done.bytes, stdout);
  assert.ok(equalBytes(await Deno.readFile(`${here.cwd}/app-2.tar.gz`), archive(200)));
  assert.ok(equalBytes(await Deno.readFile(`${here.cwd}/old.tar.gz`), archive(100)));
});

Deno.test("the file that is replaced is a seed itself, and a URL names mirror and file", async () => {
  await using here = await scene();
  const url = `${here.base}targets/app-2.tar.gz`;
  const { code, stdout, stderr } = await here.run(url, "--root", "root.json", "--to", "old.tar.gz");
  assert.equal(code, 0, stderr);
  assert.ok(JSON.parse(stdout).saved > 0);
  assert.ok(equalBytes(await Deno.readFile(`${here.cwd}/old.tar.gz`), archive(200)));
});

Deno.test("a download that is refused leaves the old file, and nothing beside it", async () => {
  await using here = await scene();
  const { code, stderr } = await here.run(
    ...["app-3.tar.gz", "--from", here.base, "--root", "root.json", "--to", "old.tar.gz"],
  );
  assert.equal(code, 4, stderr);
  assert.match(stderr, /target-missing/);
  assert.ok(equalBytes(await Deno.readFile(`${here.cwd}/old.tar.gz`), archive(100)));
  const names = Array.from(Deno.readDirSync(here.cwd), ({ name }) => name).sort();
  assert.deepEqual(names, ["breccia-state", "old.tar.gz", "root.json"]);
});
