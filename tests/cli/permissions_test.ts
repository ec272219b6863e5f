import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../bin/breccia", import.meta.url));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line through the program's script, thus with the permissions of its command. */
async function run(line: string, cwd: string, env: Record<string, string> = {}): Promise<Ran> {
  const output = await new Deno.Command(PROGRAM, { args: line.split(" "), cwd, env }).output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  ) as [string, string];
  return { code: output.code, stdout, stderr };
}

async function inFolder(use: (cwd: string) => Promise<void>): Promise<void> {
  const cwd = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${cwd}/dist`);
    await Deno.writeTextFile(`${cwd}/dist/app`, "hello");
    await Deno.symlink("app", `${cwd}/dist/link`);
    await use(cwd);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

Deno.test("commands of each class do their work with the permissions that they start with", async () => {
  await inFolder(async (cwd) => {
    const good = async (line: string) => {
      const { code, stderr } = await run(line, cwd);
      assert.equal(code, 0, `${line}: ${stderr}`);
    };
    await good("init repo --app hello");
    await good("add 1.0.0 dist --repo repo");
    await good("publish --repo repo");
    await good("verify --repo repo");
    await Deno.writeTextFile(`${cwd}/dist/app`, "hello again");
    await good("add 1.1.0 dist --repo repo");
    await good("publish --repo repo");
    await good("verify --repo repo");
    await good("diff 1.0.0 1.1.0 --repo repo");
    await good("explain 1.0.0 1.1.0 --repo repo");
    await good("inspect repo");
    await good("delta encode dist/app dist/app app.delta");
    await good("delta info app.delta");
  });
});

Deno.test("a permission that is refused ends in one sentence with the way out, and nothing is written", async () => {
  await inFolder(async (cwd) => {
    const few = { BRECCIA_PERMISSIONS: "--allow-read --allow-env" };
    const { code, stdout, stderr } = await run("init repo --app hello", cwd, few);
    assert.notEqual(code, 0);
    assert.equal(stdout, "");
    assert.match(stderr, /^error\[storage-denied\]: Cannot go on.*BRECCIA_PERMISSIONS[^\n]*\n$/);
    await assert.rejects(Deno.stat(`${cwd}/repo`), Deno.errors.NotFound);
  });
});

Deno.test("commands that only read can start no program and load no native code", async () => {
  const script = await Deno.readTextFile(PROGRAM);
  const sets = [...script.matchAll(/^ {2}([a-z| ]+)\)\n\s+permissions='([^']*)'/gm)];
  assert.deepEqual(sets.map(([, commands]) => commands), [
    "chunk | delta | diff | explain | inspect | verify",
  ]);
  for (const [, , set = ""] of sets) assert.doesNotMatch(set, /--allow-(all|run|ffi|import|net)/);
});
