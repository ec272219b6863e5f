import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** Where the zstd library keeps its WebAssembly. */
export function zstdFile(): string {
  const library = createRequire(import.meta.url).resolve("@bokuweb/zstd-wasm");
  return join(dirname(library), "zstd.wasm");
}

/**
 * `src/codec/zstd_binary.ts` as it is shipped: with the bytes in it, so that they are there in every bundle, worker and
 * server, without a file to find and a request to make.
 */
export async function inlinedZstd(): Promise<string> {
  const bytes = gzipSync(await Deno.readFile(zstdFile()), { level: 9 });
  return `/*
 * Made by bin/bundle.ts from @bokuweb/zstd-wasm 0.0.27 (MIT license, copyright bokuweb), which is
 * zstd compiled to WebAssembly (BSD license, copyright Meta Platforms, Inc. and affiliates).
 */
const GZIPPED =
  "${bytes.toString("base64")}";

/** The WebAssembly of zstd. */
export async function zstdBinary(): Promise<Uint8Array<ArrayBuffer>> {
  const gzipped = Uint8Array.from(atob(GZIPPED), (letter) => letter.charCodeAt(0));
  const plain = new Blob([gzipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}
`;
}

/**
 * Bundles `entry` for browsers or for Deno and Node, the WebAssembly of zstd with it.
 *
 * @param imports Replaces what the configuration maps.
 */
export async function bundle(
  entry: string,
  platform: "browser" | "deno",
  options: { readonly minify?: boolean; readonly imports?: Record<string, string> } = {},
): Promise<string> {
  const root = new URL("..", import.meta.url);
  const folder = await Deno.makeTempDir();
  try {
    const inlined = join(folder, "zstd_binary.ts");
    await Deno.writeTextFile(inlined, await inlinedZstd());
    const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
    const { compilerOptions } = config;
    const own = Object.entries(config.imports as Record<string, string>).map(([name, target]) =>
      [name, target.startsWith("./") ? new URL(target, root).href : target] as const
    );
    const imports = {
      ...Object.fromEntries(own),
      ...options.imports,
      [new URL("src/codec/zstd_binary.ts", root).href]: new URL(`file://${inlined}`).href,
    };
    await Deno.writeTextFile(
      join(folder, "deno.json"),
      JSON.stringify({ imports, compilerOptions }),
    );
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["bundle", "--quiet", "--no-lock", "--platform", platform],
        ...(options.minify === true ? ["--minify"] : []),
        ...["--config", join(folder, "deno.json"), fileURLToPath(new URL(entry, root))],
      ],
      cwd: fileURLToPath(root),
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return withoutPaths(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A bundle names its modules; those of packages, and what was put in, by where this machine keeps them. */
export function withoutPaths(bundle: string): string {
  return bundle.replaceAll(/(?:\.\.\/)+[^"\s]*?\/npm\/[^/]+\//g, "")
    .replaceAll(/(?:\.\.\/)+[^"\s]*\/zstd_binary\.ts/g, "src/codec/zstd_binary.ts");
}
