import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { buildNodeEdge } from "../../bin/build_node_edge.ts";
import { StaticRepository } from "../cli/static_repository.ts";
import { NODE, testNeedingNode } from "../portable/node.ts";

testNeedingNode(
  "the bundled edge mirrors and serves on Node, and ends when it is told to",
  async () => {
    const repository = await StaticRepository.create();
    try {
      await buildNodeEdge(repository.path("edge"));
      const edge = start(
        repository.path("edge/edge.mjs"),
        ...["--upstream", repository.url, "--root", repository.root],
        ...["--store", `fs:${repository.path("store")}`, "--listen", "127.0.0.1:0"],
      );
      try {
        const url = await listening(edge);
        await until(async () => (await read(`${url}readyz`)).status === 200);

        const timestamp = await read(`${url}metadata/timestamp.json`);
        const origin = await Deno.readFile(`${repository.folder}/metadata/timestamp.json`);
        assert.deepEqual(timestamp.bytes, origin);
        const etag = timestamp.headers.get("etag") ?? "";
        const again = await read(`${url}metadata/timestamp.json`, { "if-none-match": etag });
        assert.deepEqual([again.status, again.bytes.length], [304, 0]);

        for (const { name } of Deno.readDirSync(`${repository.folder}/packs`)) {
          const pack = await Deno.readFile(`${repository.folder}/packs/${name}`);
          assert.deepEqual((await read(`${url}packs/${name}`)).bytes, pack);
          const part = await read(`${url}packs/${name}`, { range: "bytes=3-8" });
          assert.deepEqual([part.status, part.bytes], [206, pack.slice(3, 9)]);
          const head = await fetch(`${url}packs/${name}`, { method: "HEAD" });
          assert.equal(head.headers.get("content-length"), String(pack.length));
        }
        const page = new TextDecoder().decode((await read(url)).bytes);
        assert.match(page, /1\.0\.0/);
        assert.equal((await read(`${url}packs/${"0".repeat(64)}`)).status, 404);
      } finally {
        edge.kill("SIGTERM");
        assert.equal((await edge.status).code, 0);
      }
    } finally {
      await repository.close();
    }
  },
);

testNeedingNode("on Node, an edge serves several upstreams, each under its prefix", async () => {
  const [one, two] = [await StaticRepository.create(), await StaticRepository.create()];
  try {
    const upstream = (name: string, { url, root }: StaticRepository) => ({ name, url, root });
    const config = { store: "fs:store", upstreams: [upstream("one", one), upstream("two", two)] };
    await Deno.writeTextFile(one.path("edge.json"), JSON.stringify(config));
    await buildNodeEdge(one.path("edge"));
    const flags = ["--config", one.path("edge.json"), "--listen", "127.0.0.1:0"];
    const edge = start(one.path("edge/edge.mjs"), ...flags);
    try {
      const url = await listening(edge);
      for (const [name, { folder }] of Object.entries({ one, two })) {
        await until(async () => (await read(`${url}${name}/readyz`)).status === 200);
        for (const { name: pack } of Deno.readDirSync(`${folder}/packs`)) {
          const bytes = await Deno.readFile(`${folder}/packs/${pack}`);
          const whole = await read(`${url}${name}/packs/${pack}`);
          assert.deepEqual([whole.status, whole.bytes], [200, bytes]);
          const part = await read(`${url}${name}/packs/${pack}`, { range: "bytes=3-8" });
          assert.deepEqual([part.status, part.bytes], [206, bytes.slice(3, 9)]);
        }
        const asked = await fetch(`${url}${name}/chunks`, { method: "POST", body: "x" });
        assert.equal(asked.status, 415);
        await asked.body?.cancel();
      }
    } finally {
      edge.kill("SIGTERM");
      assert.equal((await edge.status).code, 0);
    }
  } finally {
    await one.close();
    await two.close();
  }
});

testNeedingNode("on Node, an edge refuses several threads in one sentence", async () => {
  const repository = await StaticRepository.create();
  try {
    await buildNodeEdge(repository.path("edge"));
    const edge = start(
      repository.path("edge/edge.mjs"),
      ...["--upstream", repository.url, "--root", repository.root, "--threads", "2"],
      ...["--store", `fs:${repository.path("store")}`, "--listen", "127.0.0.1:0"],
    );
    const said = await new Response(edge.stderr).text();
    assert.equal((await edge.status).code, 2);
    assert.match(said, /^error\[usage\]: Cannot serve from several threads on Node; .*\n$/);
  } finally {
    await repository.close();
  }
});

function start(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(NODE, { args, stdout: "null", stderr: "piped" }).spawn();
}

/** The address that the edge says it listens on; its other lines are read and dropped. */
async function listening(edge: Deno.ChildProcess): Promise<string> {
  const lines = createInterface(Readable.fromWeb(edge.stderr as never));
  return await new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      const { event, url } = JSON.parse(line);
      if (event === "listening") resolve(url);
    });
    lines.on("close", () => reject(new Error("the edge ended before it listened")));
  });
}

async function read(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { headers });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { status: answer.status, headers: answer.headers, bytes };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!await holds()) {
    assert.ok(performance.now() < deadline, "it did not happen within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
