import assert from "node:assert/strict";
import { call } from "./call.ts";

type Run = (line: string) => ReturnType<typeof call>;

/** A folder with a repository `repo` and a build in `dist` with one file `app`. */
async function withBuild(use: (cwd: string, run: Run) => Promise<void>): Promise<void> {
  const cwd = await Deno.makeTempDir();
  const run: Run = (line) => call(line.split(" "), { cwd });
  try {
    await Deno.mkdir(`${cwd}/dist/bin`, { recursive: true });
    await Deno.writeTextFile(`${cwd}/dist/app`, "hello");
    assert.equal((await run("init repo --app hello")).code, 0);
    await use(cwd, run);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

/** Names of all files of the repository. */
function filesOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesOf(`${folder}/${name}`) : [`${folder}/${name}`]
  ).sort();
}

Deno.test("add refuses set-user-id and set-group-id files unless it is told to release them without", async () => {
  await withBuild(async (cwd, run) => {
    for (const mode of [0o4755, 0o2755, 0o6755]) {
      await Deno.writeTextFile(`${cwd}/dist/bin/sandbox`, "x");
      await Deno.chmod(`${cwd}/dist/bin/sandbox`, mode);
      const before = filesOf(`${cwd}/repo`);
      for (const build of ["dist", "dist/bin/sandbox"]) {
        const { code, stderr } = await run(`add 1.0.0 ${build} --repo repo`);
        assert.notEqual(code, 0);
        assert.match(stderr, /^error\[tree-unsupported\]: .*--without-setuid/);
        assert.deepEqual(filesOf(`${cwd}/repo`), before);
      }
    }
    const told = await run("add 1.0.0 dist --repo repo --without-setuid --json");
    assert.equal(told.code, 0, told.stderr);
    assert.match(told.stderr, /^warning\[not-carried\]: set-user-id.*"bin\/sandbox"$/m);
    assert.deepEqual(JSON.parse(told.stdout).uncarried, [
      { kind: "set-id", count: 1, first: "bin/sandbox" },
    ]);
  });
});

Deno.test("add names hard links and special bits of directories by count and first name", async () => {
  await withBuild(async (cwd, run) => {
    for (const name of ["git-a", "git-b"]) {
      await Deno.link(`${cwd}/dist/app`, `${cwd}/dist/${name}`);
    }
    await Deno.link(`${cwd}/dist/app`, `${cwd}/outside`);
    await Deno.writeTextFile(`${cwd}/dist/alone`, "x");
    await Deno.link(`${cwd}/dist/alone`, `${cwd}/outside-too`);
    await Deno.chmod(`${cwd}/dist/bin`, 0o3775);
    const { code, stdout, stderr } = await run("add 1.0.0 dist --repo repo --json");
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).uncarried, [
      { kind: "special-modes", count: 1, first: "bin" },
      { kind: "hard-links", count: 3, first: "app" },
    ]);
    assert.match(stderr, /^warning\[not-carried\]: hard links .*"app", the first of 3$/m);
  });
});

Deno.test("add says nothing of a build that is carried whole", async () => {
  await withBuild(async (_cwd, run) => {
    const { code, stdout, stderr } = await run("add 1.0.0 dist --repo repo --json");
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).uncarried, []);
    assert.equal(stderr, "");
  });
});

Deno.test("add refuses pipes and sockets by name", async () => {
  await withBuild(async (cwd, run) => {
    const socket = Deno.listen({ transport: "unix", path: `${cwd}/dist/bin/socket` });
    try {
      const { code, stderr } = await run("add 1.0.0 dist --repo repo");
      assert.notEqual(code, 0);
      assert.match(stderr, /^error\[tree-unsupported\]: .*dist\/bin\/socket/);
    } finally {
      socket.close();
    }
  });
});
