/**
 * Makes what is shipped, in dist/: the browser bundle of the client, the npm package, the Cloudflare
 * Worker and the edge for Node: `deno task build`.
 */
import { fileURLToPath } from "node:url";
import { buildNodeEdge } from "./build_node_edge.ts";
import { buildWorker } from "./build_worker.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

await Deno.mkdir(`${root}dist`, { recursive: true });
await run(
  "bundle",
  "--quiet",
  "--platform",
  "browser",
  "--minify",
  "-o",
  "dist/breccia.js",
  "mod.ts",
);
await run("pack", "--quiet", "--allow-dirty", "-o", "dist/breccia.tgz");
await buildWorker(`${root}dist/worker`);
await buildNodeEdge(`${root}dist/node`);

for (
  const file of [
    "breccia.js",
    "breccia.tgz",
    "worker/cloudflare.js",
    "worker/zstd.wasm",
    "node/edge.mjs",
    "node/zstd.wasm",
  ]
) {
  const { size } = await Deno.stat(`${root}dist/${file}`);
  console.log(`dist/${file}  ${size.toLocaleString("en-US")} bytes`);
}

async function run(...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
  })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
