/**
 * Makes what is shipped, in dist/: the browser bundle of the client, the npm package, the Cloudflare
 * Worker and the edge for Node: `deno task build`.
 */
import { fileURLToPath } from "node:url";
import { buildNodeEdge } from "./build_node_edge.ts";
import { buildPackage } from "./build_package.ts";
import { buildWorker } from "./build_worker.ts";
import { bundle } from "./bundle.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

await Deno.mkdir(`${root}dist`, { recursive: true });
await Deno.writeTextFile(
  `${root}dist/breccia.js`,
  await bundle("mod.ts", "browser", { minify: true }),
);
await buildPackage(`${root}dist/breccia.tgz`);
await buildWorker(`${root}dist/worker`);
await buildNodeEdge(`${root}dist/node`);

for (
  const file of [
    "breccia.js",
    "breccia.tgz",
    "worker/cloudflare.js",
    "worker/zstd.wasm",
    "node/edge.mjs",
  ]
) {
  const { size } = await Deno.stat(`${root}dist/${file}`);
  console.log(`dist/${file}  ${size.toLocaleString("en-US")} bytes`);
}
