/** Makes the npm package: `deno run -A bin/build_package.ts [FILE.tgz]`. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inlinedZstd } from "./bundle.ts";

/** What the package is made of, beside `deno.json`. */
const CONTENT = [
  "LICENSE",
  "README.md",
  "CHANGELOG.md",
  "SECURITY.md",
  "mod.ts",
  "src",
  "cache",
  "workers",
];

/**
 * Writes the tarball to `file`: compiled modules with their types, no sources, tests or maps. It is packed from a copy,
 * so that nothing in it knows where it was made.
 */
export async function buildPackage(file: string): Promise<void> {
  const root = `${dirname(fileURLToPath(new URL("../deno.json", import.meta.url)))}/`;
  const work = await Deno.makeTempDir();
  try {
    const [source, packed] = [join(work, "source"), join(work, "packed")];
    await Deno.mkdir(source);
    await Deno.mkdir(packed);
    await run("cp", ["-r", ...CONTENT.map((name) => join(root, name)), source]);
    await Deno.remove(join(source, "src/cli"), { recursive: true });
    const config = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
    const { publish: _no, lock: _lock, ...kept } = config;
    await Deno.writeTextFile(join(source, "deno.json"), JSON.stringify(kept));
    await Deno.writeTextFile(join(source, "src/codec/zstd_binary.ts"), await inlinedZstd());
    const tarball = join(work, "breccia.tgz");
    await run(
      Deno.execPath(),
      ["pack", "--quiet", "--allow-dirty", "--no-source-maps", "-o", tarball],
      source,
    );
    await run("tar", ["-xzf", tarball, "-C", packed]);
    await removeSources(join(packed, "package"));
    await completeManifest(join(packed, "package/package.json"), config.imports);
    await Deno.mkdir(dirname(file), { recursive: true });
    // Owner, order and times say nothing of the machine that made it.
    await run("tar", [
      ...["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"],
      ...["-czf", file, "-C", packed, "package"],
    ]);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Modules that no export reaches are packed as they are written, and serve nobody. */
async function removeSources(folder: string): Promise<void> {
  for (const { name, isDirectory } of [...Deno.readDirSync(folder)]) {
    const path = join(folder, name);
    if (isDirectory) await removeSources(path);
    else if (/\.tsx?$/.test(name) && !name.endsWith(".d.ts")) await Deno.remove(path);
  }
}

/** Says what `deno pack` can't know, and asks for the versions that were tested. */
async function completeManifest(file: string, imports: Record<string, string>): Promise<void> {
  const { version, ...manifest } = JSON.parse(await Deno.readTextFile(file));
  const dependencies = Object.keys(manifest.dependencies).map((name) => {
    const pinned = imports[name]?.slice(`npm:${name}@`.length);
    return [name, pinned === undefined ? manifest.dependencies[name] : `^${pinned}`];
  });
  await Deno.writeTextFile(
    file,
    JSON.stringify(
      {
        ...{ name: manifest.name, version },
        description: "Software updates that need no trust in network, mirror or cache",
        ...manifest,
        dependencies: Object.fromEntries(dependencies),
        engines: { node: ">=22" },
        sideEffects: false,
      },
      null,
      2,
    ) + "\n",
  );
}

async function run(program: string, args: readonly string[], cwd?: string): Promise<void> {
  const options = cwd === undefined ? {} : { cwd };
  const { success, stderr } = await new Deno.Command(program, { args: [...args], ...options })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

if (import.meta.main) await buildPackage(Deno.args[0] ?? "dist/breccia.tgz");
