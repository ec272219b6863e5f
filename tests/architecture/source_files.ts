/** One TypeScript file of the product, with its path from the project's root. */
export interface SourceFile {
  readonly path: string;
  readonly url: URL;
  readonly source: string;
}

const ROOT = new URL("../../", import.meta.url);

/** Path of a `file:` URL. */
export function fromFileUrl(url: URL): string {
  return decodeURIComponent(url.pathname);
}

/** `path` from the project's root. */
export function relativePath(path: string): string {
  return path.slice(fromFileUrl(ROOT).length);
}

/** Every source file of the product: no tests, benchmarks or examples. */
export function* sourceFiles(): Generator<SourceFile> {
  yield read(new URL("mod.ts", ROOT));
  for (const folder of ["src/", "workers/", "cache/", "bin/"]) yield* walk(new URL(folder, ROOT));
}

function* walk(folder: URL): Generator<SourceFile> {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (entry.isDirectory) yield* walk(new URL(`${entry.name}/`, folder));
    else if (/\.tsx?$/.test(entry.name)) yield read(new URL(entry.name, folder));
  }
}

function read(url: URL): SourceFile {
  return { path: relativePath(fromFileUrl(url)), url, source: Deno.readTextFileSync(url) };
}
