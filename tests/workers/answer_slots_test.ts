import assert from "node:assert/strict";
import { buildNodeEdge } from "../../bin/build_node_edge.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { silentLog } from "../../src/ports/mod.ts";
import { AnswerSlots, createApp } from "../../workers/http/app.ts";
import { call } from "../cli/call.ts";
import { RunningEdge } from "../cli/running_edge.ts";
import { StaticRepository } from "../cli/static_repository.ts";
import { edgeOf, Origin } from "../mirror/edge_fixture.ts";
import { NODE, testNeedingNode } from "../portable/node.ts";
import { noise } from "../publish/memory_tree.ts";

/** More than the socket buffers of both ends take, so that an answer that nobody reads stays under way. */
const LONG_BYTES = 24_000_000;

const MOST = 3;

async function servesOthers(start: (flags: readonly string[]) => RunningEdge): Promise<void> {
  const repository = await StaticRepository.create();
  try {
    await Deno.writeFile(repository.path("app.bin"), noise(LONG_BYTES, 1));
    for (
      const words of [
        ["add", "2.0.0", repository.path("app.bin"), "--repo", repository.folder],
        ["publish", "--repo", repository.folder],
      ]
    ) assert.equal((await call(words)).code, 0);
    const store = `fs:${repository.path("store")}`;
    await using edge = start([
      ...["--upstream", repository.url, "--root", repository.root, "--store", store],
      ...["--answers", String(MOST)],
    ]);
    const url = await edge.listening();
    await edge.logged("generation");
    const archive = `${url}targets/demo-2.0.0.tar`;
    const idle: Deno.Conn[] = [];
    for (let asked = 0; asked < MOST; asked++) {
      const { hostname, port } = new URL(url);
      const connection = await Deno.connect({ hostname, port: Number(port) });
      const head = "GET /targets/demo-2.0.0.tar HTTP/1.1\r\nHost: edge.test\r\n\r\n";
      await connection.write(new TextEncoder().encode(head));
      await connection.read(new Uint8Array(12));
      idle.push(connection);
    }
    const refused = await fetch(archive);
    assert.equal(refused.status, 503);
    assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
    assert.equal(refused.headers.get("breccia-edge"), "1");
    await edge.logged("answers refused");
    for (const path of ["metadata/timestamp.json", "healthz", "readyz", "metrics"]) {
      const short = await fetch(url + path);
      assert.equal(short.status, 200, path);
      await short.body?.cancel();
    }
    const head = await fetch(archive, { method: "HEAD" });
    assert.equal(head.status, 200, "no body, no place");
    idle.pop()!.close();
    let answer = await fetch(archive);
    while (answer.status === 503) answer = await fetch(archive);
    assert.equal((await answer.bytes()).length > LONG_BYTES, true);
    for (const connection of idle) connection.close();
    assert.equal(await edge.stop(), 0);
  } finally {
    await repository.close();
  }
}

Deno.test("clients that ask for archives and read nothing take the places of long answers, and no more", async () => {
  await servesOthers((flags) => new RunningEdge(flags));
});

testNeedingNode("on Node clients that read nothing take no more either", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await buildNodeEdge(folder);
    await servesOthers((flags) => new RunningEdge(flags, {}, [NODE, `${folder}/edge.mjs`]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an answer of which one piece was taken has read 512 KiB at most, and gives its place back", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(4_000_000, 3) });
  const { edge, store } = await edgeOf(origin);
  await edge.refresh();
  let read = 0;
  countReads(store, (bytes) => read += bytes);
  const slots = new AnswerSlots();
  const app = createApp({ edge, log: silentLog, slots });
  const ask = (path: string) => app.fetch(new Request(`http://edge.test${path}`));
  for (const leave of ["the client leaves", "all is read"]) {
    const answer = await ask("/targets/hello-1.0.0.tar");
    const reader = answer.body!.getReader();
    assert.equal(slots.taken, 1);
    read = 0;
    assert.ok((await reader.read()).value!.length <= 256 * 1024);
    assert.ok(read <= 512 * 1024, `${read} bytes were read ahead`);
    if (leave === "the client leaves") await reader.cancel();
    else while (!(await reader.read()).done);
    assert.equal(slots.taken, 0, leave);
  }
});

/** Tells the length of every part that is read of `store`. */
function countReads(store: ManagedStore, tell: (bytes: number) => void): void {
  const get = store.get.bind(store);
  store.get = async (...asked) => {
    const object = await get(...asked);
    tell(object?.bytes.length ?? 0);
    return object;
  };
}
