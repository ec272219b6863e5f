import assert from "node:assert/strict";
import { buildNodeEdge } from "../../bin/build_node_edge.ts";
import { NODE, testNeedingNode } from "../portable/node.ts";
import { noise } from "../publish/memory_tree.ts";
import { call } from "./call.ts";
import { RunningEdge } from "./running_edge.ts";
import { ScriptedServer } from "./scripted_server.ts";
import { StaticRepository } from "./static_repository.ts";

Deno.test("all that an edge says is JSON, also when an answer breaks off or a client leaves", async () => {
  await saysOnlyJson((flags) => new RunningEdge(flags));
});

testNeedingNode("all that an edge on Node says is JSON, too", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await buildNodeEdge(folder);
    await saysOnlyJson((flags) => new RunningEdge(flags, {}, [NODE, `${folder}/edge.mjs`]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function saysOnlyJson(start: (flags: readonly string[]) => RunningEdge): Promise<void> {
  const repository = await StaticRepository.create();
  await using upstream = new ScriptedServer((request) => repository.answer(request));
  try {
    // Too long to be sent in one piece.
    await Deno.writeFile(repository.path("app.bin"), noise(3_000_000, 1));
    for (
      const words of [
        ["add", "2.0.0", repository.path("app.bin"), "--repo", repository.folder],
        ["publish", "--repo", repository.folder],
      ]
    ) assert.equal((await call(words)).code, 0);
    const flags = ["--root", repository.root, "--store", "memory:", "--on-demand"];
    await using edge = start(["--upstream", `http://${upstream.host}/`, ...flags]);
    const url = await edge.listening();
    await edge.logged("generation");
    await (await fetch(`${url}targets/demo-2.0.0.index`)).body?.cancel();

    upstream.answer = () => new Response("<html>");
    const broken = await fetch(`${url}targets/demo-2.0.0.tar`);
    assert.equal(broken.status, 200);
    await assert.rejects(broken.bytes());
    const { code, id, path } = await edge.logged("answer broke off");
    assert.deepEqual([code, path], ["pack-mismatch", "/targets/demo-2.0.0.tar"]);
    assert.equal(typeof id, "string");

    upstream.answer = (request) => repository.answer(request);
    await (await fetch(`${url}targets/demo-2.0.0.tar`)).body?.cancel();
    using connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: Number(new URL(url).port),
    });
    await connection.write(new TextEncoder().encode("GARBAGE\r\n\r\n"));
    assert.equal((await fetch(`${url}healthz`)).status, 200);

    assert.equal(await edge.stop(), 0);
    for (const line of edge.said.trimEnd().split("\n")) {
      assert.equal(typeof JSON.parse(line).event, "string", line);
    }
    assert.equal(edge.records.filter(({ event }) => event === "answer broke off").length, 1);
  } finally {
    await repository.close();
  }
}
