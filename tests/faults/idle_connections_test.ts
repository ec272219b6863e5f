import assert from "node:assert/strict";
import { EdgeProcess } from "./edge_process.ts";
import { IdleConnections } from "./idle_connections.ts";
import { LiveRepository } from "./live_repository.ts";

/** `deno task bench:faults` opens 10,000. */
const COUNT = 1000;

/** An edge must not need more for each, in KiB: 10,000 of them are 160 MiB. */
const KIB_EACH = 16;

Deno.test("a thousand connections that say nothing cost little memory and nobody's answers", async () => {
  await using origin = await LiveRepository.create();
  const folder = await Deno.makeTempDir();
  try {
    await origin.release("1.0.0", 500_000);
    await using edge = await EdgeProcess.start(
      [...origin.flags, "--store", `fs:${folder}/s`],
      COUNT + 500,
    );
    await edge.logged("generation");
    const archive = `${edge.url}targets/hello-1.0.0.tar`;
    const right = (await (await fetch(archive)).arrayBuffer()).byteLength;
    const before = await edge.residentMiB();
    using idle = await IdleConnections.open(edge.url, COUNT);
    assert.equal(idle.count, COUNT);
    // What they would hold back ends here, rather than hang.
    const signal = AbortSignal.timeout(10_000);
    for (let asked = 0; asked < 20; asked++) {
      assert.equal((await (await fetch(archive, { signal })).arrayBuffer()).byteLength, right);
      assert.equal(await (await fetch(`${edge.url}healthz`, { signal })).text(), "ok\n");
    }
    // V8 grows by some MiB with any work at all.
    const allowed = 40 + COUNT * KIB_EACH / 1024;
    const grown = await edge.residentMiB() - before;
    assert.ok(grown < allowed, `${grown.toFixed(1)} MiB more, where ${allowed} are allowed`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
