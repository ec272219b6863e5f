/** Pairs of real releases from the npm registry, fetched once into bench/corpus/NAME/{old,new}. */

/** A pair of files, ready to be measured. */
export interface CorpusPair {
  readonly name: string;
  readonly folder: string;
}

/** Fetches what a list beside this file names (`corpus.txt`) and is not there yet. */
export async function fetchCorpus(list: string): Promise<CorpusPair[]> {
  const text = await Deno.readTextFile(new URL(list, import.meta.url));
  const pairs: CorpusPair[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [name, npmPackage, oldVersion, newVersion, path] = line.split(" ") as [
      string,
      string,
      string,
      string,
      string,
    ];
    const folder = new URL(`corpus/${name}/`, import.meta.url).pathname;
    await Deno.mkdir(folder, { recursive: true });
    await fetchSide(`${npmPackage}@${oldVersion}`, path, `${folder}old`);
    await fetchSide(`${npmPackage}@${newVersion}`, path, `${folder}new`);
    pairs.push({ name, folder });
  }
  return pairs;
}

async function fetchSide(specifier: string, path: string, target: string): Promise<void> {
  if (await exists(target)) return;
  const scratch = await Deno.makeTempDir();
  try {
    await run("npm", ["pack", "--silent", specifier], scratch);
    await Deno.mkdir(`${scratch}/content`);
    const archive = [...Deno.readDirSync(scratch)].find(({ name }) => name.endsWith(".tgz"));
    await run("tar", ["xzf", archive!.name, "-C", "content"], scratch);
    const part = `${target}.part`;
    if (path === "TAR") {
      const fixed = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"];
      await run("tar", [...fixed, "--format=ustar", "-C", "content", "-cf", part, "."], scratch);
    } else {
      await Deno.copyFile(`${scratch}/content/${path}`, part);
    }
    await Deno.rename(part, target);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function run(command: string, args: string[], cwd: string): Promise<void> {
  const { success } = await new Deno.Command(command, { args, cwd }).spawn().status;
  if (!success) throw new Error(`${command} ${args.join(" ")} failed`);
}
