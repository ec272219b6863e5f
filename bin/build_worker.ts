/** Bundles the edge for Cloudflare Workers into a folder: `deno run -A bin/build_worker.ts [FOLDER]`. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The entry: workerd compiles WebAssembly only where it is imported as a module. */
const ENTRY = `import zstd from "./zstd.wasm";
import { createWorker } from "./cloudflare.js";
export default createWorker(zstd);
`;

/** Writes `worker.js`, `cloudflare.js` and `zstd.wasm` into `folder`. */
export async function buildWorker(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const source = fileURLToPath(new URL("../workers/cloudflare.ts", import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", source],
    cwd: dirname(dirname(source)),
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  // workerd's modules have no URL, and the zstd library reads its own for a file it never loads here.
  const bundle = new TextDecoder().decode(stdout).replaceAll("import.meta.url", '"file:///"');
  const library = createRequire(import.meta.url).resolve("@bokuweb/zstd-wasm");
  await Deno.writeTextFile(join(folder, "cloudflare.js"), bundle);
  await Deno.writeTextFile(join(folder, "worker.js"), ENTRY);
  await Deno.copyFile(join(dirname(library), "zstd.wasm"), join(folder, "zstd.wasm"));
}

if (import.meta.main) await buildWorker(Deno.args[0] ?? "dist/worker");
