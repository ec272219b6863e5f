/** Bundles `breccia edge` for Node 22: `deno run -A bin/build_node_edge.ts [FOLDER]`. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The zstd library looks for its WebAssembly beside itself, by a name that modules of Node don't have. */
const PRELUDE = "const __dirname = import.meta.dirname;\n";

/** Writes `edge.mjs` and `zstd.wasm` into `folder`. */
export async function buildNodeEdge(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const source = fileURLToPath(new URL("../src/cli/node_edge.ts", import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "deno", source],
    cwd: dirname(dirname(dirname(source))),
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const library = createRequire(import.meta.url).resolve("@bokuweb/zstd-wasm");
  const bundle = new TextDecoder().decode(stdout);
  await Deno.writeTextFile(join(folder, "edge.mjs"), PRELUDE + bundle);
  await Deno.copyFile(join(dirname(library), "zstd.wasm"), join(folder, "zstd.wasm"));
}

if (import.meta.main) await buildNodeEdge(Deno.args[0] ?? "dist/node");
