/** Clients of others download what our publisher made, through a real edge on the loopback. */
import assert from "node:assert/strict";
import { Updater } from "tuf-js";
import { EdgeProcess } from "../faults/edge_process.ts";
import { LiveRepository } from "../faults/live_repository.ts";
import { type Requirement, testNeeding } from "../requirement.ts";

const PYTHON = Deno.env.get("BRECCIA_PYTHON") ?? "python3";
const PYTHON_TUF: Requirement = {
  what:
    "python-tuf (pip install tuf securesystemslib[crypto], or BRECCIA_PYTHON=/path/to/a/python)",
  available: await hasPythonTuf(),
};

async function hasPythonTuf(): Promise<boolean> {
  try {
    const args = ["-c", "import tuf.ngclient"];
    return (await new Deno.Command(PYTHON, { args, stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** The bytes of a target, downloaded with the metadata that is kept in `folder`. */
type Download = (url: string, root: string, folder: string, target: string) => Promise<Uint8Array>;

const withTufJs: Download = async (url, root, folder, target) => {
  await Deno.mkdir(`${folder}/targets`, { recursive: true });
  // Only the first time: from then on the client walks from the root that it trusts.
  const known = [...Deno.readDirSync(folder)].some(({ name }) => name === "root.json");
  if (!known) await Deno.copyFile(root, `${folder}/root.json`);
  const updater = new Updater({
    metadataDir: folder,
    metadataBaseUrl: `${url}metadata`,
    targetDir: `${folder}/targets`,
    targetBaseUrl: `${url}targets`,
  });
  await updater.refresh();
  const info = await updater.getTargetInfo(target);
  assert.ok(info, `tuf-js finds ${target}`);
  return await Deno.readFile(await updater.downloadTarget(info));
};

const withPythonTuf: Download = async (url, root, folder, target) => {
  const script = new URL("python_tuf_download.py", import.meta.url).pathname;
  const args = [script, root, url, folder, target];
  const { success, stderr } = await new Deno.Command(PYTHON, { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return await Deno.readFile(`${folder}/targets/download`);
};

for (
  const [client, requirement, download] of [
    ["tuf-js", { what: "nothing", available: true }, withTufJs],
    ["python-tuf", PYTHON_TUF, withPythonTuf],
  ] as const
) {
  testNeeding(
    requirement,
    `${client} downloads our releases through an edge, in hash bins and after every key changed`,
    async () => {
      await using origin = await LiveRepository.create(["--hash-bins", "4"]);
      const folder = await Deno.makeTempDir();
      try {
        await origin.release("1.0.0", 400_000);
        await using edge = await EdgeProcess.start([
          ...origin.flags,
          ...["--store", `fs:${folder}/store`],
        ]);
        await edge.logged("generation");
        const check = async (version: string): Promise<void> => {
          const target = `hello-${version}.tar`;
          const got = await download(edge.url, origin.root, `${folder}/client`, target);
          // After one tar header: the archive is rebuilt from chunks.
          assert.deepEqual(got.slice(512, 512 + 400_000), await origin.program(), version);
        };
        await check("1.0.0");
        for (const role of ["timestamp", "snapshot", "targets", "root"]) {
          await origin.run("keys", "rotate", role);
        }
        await origin.release("1.1.0", 400_000);
        await edge.logged("generation");
        await check("1.1.0");
        assert.deepEqual((await (await fetch(`${edge.url}readyz`)).json()).reasons, []);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  );
}
