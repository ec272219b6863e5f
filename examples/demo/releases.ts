/** One release as the npm registry delivered it: a directory in Deno's cache. */
export interface NpmRelease {
  readonly version: string;
  /** Path of the package's directory. */
  readonly path: string;
}

/**
 * The two releases of `three` that the import map names. Nothing of them is imported: resolving the
 * alias makes Deno fetch the package, and gives a file in its directory.
 */
export function npmReleases(): readonly [before: NpmRelease, after: NpmRelease] {
  return [
    releaseAt(import.meta.resolve("three-before")),
    releaseAt(import.meta.resolve("three-after")),
  ];
}

/** Climbs from a file of a package to the directory that holds its `package.json`. */
function releaseAt(file: string): NpmRelease {
  for (let folder = new URL(".", file); folder.pathname !== "/"; folder = new URL("..", folder)) {
    try {
      const manifest = JSON.parse(Deno.readTextFileSync(new URL("package.json", folder)));
      if (typeof manifest.version !== "string") continue;
      return { version: manifest.version, path: decodeURIComponent(folder.pathname).slice(0, -1) };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error(`no package holds ${file}`);
}
