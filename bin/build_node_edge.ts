/** Bundles `breccia edge` for Node 22: `deno run -A bin/build_node_edge.ts [FOLDER]`. */
import { join } from "node:path";
import { bundle } from "./bundle.ts";

/** Writes `edge.mjs` into `folder`: one file, with all that it needs. */
export async function buildNodeEdge(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "edge.mjs"), await bundle("src/cli/node_edge.ts", "deno"));
}

if (import.meta.main) await buildNodeEdge(Deno.args[0] ?? "dist/node");
