import assert from "node:assert/strict";
import { testNeeding } from "../../requirement.ts";
import { MemoryMetadataStore, refresh } from "../../../src/tuf/mod.ts";
import { SimulatedSource } from "../../simulator/client.ts";
import { oracleStory } from "./living_repository.ts";

const PYTHON = Deno.env.get("BRECCIA_PYTHON") ?? "python3";
const SCRIPT = new URL("python_tuf.py", import.meta.url).pathname;

async function python(...args: string[]): Promise<{ success: boolean; stderr: string }> {
  try {
    const command = new Deno.Command(PYTHON, { args, stdout: "null", stderr: "piped" });
    const { success, stderr } = await command.output();
    return { success, stderr: new TextDecoder().decode(stderr) };
  } catch (error) {
    return { success: false, stderr: String(error) };
  }
}

const requirement = {
  what:
    "python-tuf (pip install tuf securesystemslib[crypto], or BRECCIA_PYTHON=/path/to/a/python/that/has/it)",
  available: (await python("-c", "import tuf.ngclient, cryptography")).success,
};

for (const consistentSnapshot of [true, false]) {
  const kind = consistentSnapshot ? "with" : "without";
  testNeeding(
    requirement,
    `python-tuf reads what we publish, ${kind} consistent snapshots`,
    async () => {
      await using story = await oracleStory(consistentSnapshot);
      const { metadataUrl, targetsUrl } = story.server;
      const words = ["read", story.folder, metadataUrl, targetsUrl, ...story.targets];
      const { success, stderr } = await python(SCRIPT, ...words);
      assert.ok(success, stderr);
      const downloads = [...Deno.readDirSync(`${story.folder}/downloads`)];
      assert.equal(downloads.length, story.targets.length);
    },
  );
}

testNeeding(requirement, "we read what python-tuf publishes, with every type of key", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { success, stderr } = await python(SCRIPT, "write", folder);
    assert.ok(success, stderr);
    const files = [...Deno.readDirSync(folder)].map(({ name }) =>
      [name, Deno.readFileSync(`${folder}/${name}`)] as const
    );
    const served = new Map(files);
    const metadata = await refresh({
      source: new SimulatedSource(served),
      store: new MemoryMetadataStore(),
      trustedRoot: served.get("1.root.json"),
      now: Date.now(),
    });
    assert.equal((await metadata.findTarget("app"))?.role, "targets");
    for (const path of ["team/app", "😀/｡"]) {
      assert.match((await metadata.findTarget(path))?.role ?? "", /^bin-[0-7]$/);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
