/** Bundles the edge for Cloudflare Workers into a folder: `deno run -A bin/build_worker.ts [FOLDER]`. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withoutPaths, zstdFile } from "./bundle.ts";

/** The entry: workerd compiles WebAssembly only where it is imported as a module. */
const ENTRY = `import zstd from "./zstd.wasm";
import { createWorker } from "./cloudflare.js";
export default createWorker(zstd);
`;

/** Writes `worker.js`, `cloudflare.js` and `zstd.wasm` into `folder`. */
export async function buildWorker(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const source = fileURLToPath(new URL("../workers/entry/cloudflare.ts", import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", source],
    cwd: fileURLToPath(new URL("..", import.meta.url)),
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  await Deno.writeTextFile(
    join(folder, "cloudflare.js"),
    withoutPaths(new TextDecoder().decode(stdout)),
  );
  await Deno.writeTextFile(join(folder, "worker.js"), ENTRY);
  await Deno.copyFile(zstdFile(), join(folder, "zstd.wasm"));
}

if (import.meta.main) await buildWorker(Deno.args[0] ?? "dist/worker");
