/**
 * Compares two directories file by file, byte by byte, with nothing of Breccia's: paths, kinds, the
 * executable bit and contents.
 *
 * @returns How many files were compared.
 * @throws An error that names the first difference.
 */
export async function compareTrees(expected: string, actual: string): Promise<number> {
  const [want, have] = [list(expected), list(actual)];
  const strays = [...have.keys()].filter((path) => !want.has(path));
  if (strays.length > 0) throw new Error(`${strays[0]} was not in the build`);
  let files = 0;
  for (const [path, info] of want) {
    const found = have.get(path);
    if (found === undefined || found.isDirectory !== info.isDirectory) {
      throw new Error(`${path} is missing or of another kind`);
    }
    if (!info.isFile) continue;
    if ((found.mode! & 0o777) !== (info.mode! & 0o777)) throw new Error(`${path} has another mode`);
    const [a, b] = await Promise.all([
      Deno.readFile(`${expected}/${path}`),
      Deno.readFile(`${actual}/${path}`),
    ]);
    if (a.length !== b.length || a.some((byte, i) => byte !== b[i])) {
      throw new Error(`${path} differs`);
    }
    files++;
  }
  return files;
}

function list(root: string, folder = "", found = new Map<string, Deno.FileInfo>()): Map<
  string,
  Deno.FileInfo
> {
  for (const entry of Deno.readDirSync(`${root}/${folder}`)) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    found.set(path, Deno.lstatSync(`${root}/${path}`));
    if (entry.isDirectory) list(root, path, found);
  }
  return found;
}
