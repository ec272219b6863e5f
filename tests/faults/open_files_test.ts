import assert from "node:assert/strict";
import { EdgeProcess } from "./edge_process.ts";
import { IdleConnections } from "./idle_connections.ts";
import { LiveRepository } from "./live_repository.ts";

/** Longer than what an edge keeps in memory, so that answers need files. */
const RELEASE_BYTES = 12_000_000;

Deno.test("an edge that may open no more files answers what it can, lives, and recovers by itself", async () => {
  await using origin = await LiveRepository.create();
  const folder = await Deno.makeTempDir();
  try {
    await origin.release("1.0.0", RELEASE_BYTES);
    await using edge = await EdgeProcess.start([...origin.flags, "--store", `fs:${folder}/s`], 64);
    await edge.logged("generation");
    const archive = `${edge.url}targets/hello-1.0.0.tar`;
    const right = (await (await fetch(archive)).arrayBuffer()).byteLength;
    {
      using _ = await IdleConnections.open(edge.url, 80);
      const answers = await Promise.allSettled(Array.from({ length: 40 }, async () => {
        const response = await fetch(archive, { signal: AbortSignal.timeout(3000) });
        return { status: response.status, bytes: (await response.arrayBuffer()).byteLength };
      }));
      for (const answer of answers) {
        // Refused, cut off or whole: never wrong.
        if (answer.status !== "fulfilled") continue;
        const { status, bytes } = answer.value;
        assert.ok(status === 200 ? bytes === right : status === 502 || status === 503, `${status}`);
      }
    }
    assert.match((await edge.logged("connections refused"))["message"] as string, /ulimit -n/);
    await origin.release("1.1.0", 100_000);
    await edge.logged("generation");
    assert.deepEqual((await (await fetch(`${edge.url}readyz`)).json()).reasons, []);
    assert.equal((await (await fetch(archive)).arrayBuffer()).byteLength, right);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
