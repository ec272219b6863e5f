import assert from "node:assert/strict";
import { call } from "./call.ts";

/** A folder with the publishing machine's `repo` and `repo.keys`, a build, and two machines with keys. */
async function withMachines(
  body: (machine: {
    cwd: string;
    /** Runs a command line of the publishing machine, which must end with `code`. */
    run: (line: string, code?: number) => Promise<string>;
    /** Moves the keys of a role away, the first to `a`, the second to `b`; their paths. */
    away: (role: string) => Promise<readonly [string, string]>;
    /** Signs the draft of a role on a machine that has neither repository nor other keys. */
    signElsewhere: (role: string, key: string) => Promise<string>;
    url: string;
  }) => Promise<void>,
): Promise<void> {
  const cwd = await Deno.makeTempDir();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const path = `${cwd}/repo${new URL(request.url).pathname}`;
      const bytes = await Deno.readFile(path).catch(() => undefined);
      return bytes ? new Response(bytes) : new Response(null, { status: 404 });
    },
  );
  const run = async (line: string, code = 0): Promise<string> => {
    const called = await call(line.split(" "), { cwd });
    assert.equal(called.code, code, `${line}: ${called.stderr}`);
    return called.stdout + called.stderr;
  };
  try {
    for (const machine of ["a", "b", "dist"]) await Deno.mkdir(`${cwd}/${machine}`);
    await Deno.writeTextFile(`${cwd}/dist/app.txt`, "hello");
    await body({
      cwd,
      run,
      url: `http://127.0.0.1:${server.addr.port}/`,
      away: async (role) => {
        const keys = [...Deno.readDirSync(`${cwd}/repo.keys`)].map(({ name }) => name)
          .filter((name) => name.startsWith(`${role}-`)).sort();
        assert.equal(keys.length, 2);
        for (const [at, name] of keys.entries()) {
          await Deno.rename(`${cwd}/repo.keys/${name}`, `${cwd}/${"ab"[at]}/${name}`);
        }
        return [`a/${keys[0]}`, `b/${keys[1]}`];
      },
      signElsewhere: async (role, key) => {
        const copy = `${key.slice(0, 1)}/${role}.json`;
        await Deno.copyFile(`${cwd}/repo/.breccia/drafts/${role}.json`, `${cwd}/${copy}`);
        await run(`sign ${role} --key ${key} --draft ${copy}`);
        return copy;
      },
    });
  } finally {
    await server.shutdown();
    await Deno.remove(cwd, { recursive: true });
  }
}

Deno.test("targets are signed on two machines, published by one that holds no key of theirs, and a client updates", async () => {
  await withMachines(async ({ run, away, signElsewhere, url, cwd }) => {
    await run("init repo --app hello --threshold targets=2");
    const keys = await away("targets");
    await run("add 1.0.0 dist --repo repo");
    const draft = await Deno.readTextFile(`${cwd}/repo/.breccia/drafts/targets.json`);
    const copies = [
      await signElsewhere("targets", keys[0]),
      await signElsewhere("targets", keys[1]),
    ];
    await run("publish --repo repo", 4);
    await run(`sign targets --from ${copies[0]} --repo repo`);
    await run("publish --repo repo", 4);
    const last = await run(`sign targets --from ${copies[1]} --repo repo`);
    assert.match(last, /2 of 2 signatures/);
    const signed = await Deno.readTextFile(`${cwd}/repo/.breccia/drafts/targets.json`);
    assert.deepEqual(JSON.parse(signed).signed, JSON.parse(draft).signed, "the draft stands");
    await run("publish --repo repo");
    await run(`update --at app --from ${url} --root repo/metadata/1.root.json`);
    assert.equal(await Deno.readTextFile(`${cwd}/app/current/app.txt`), "hello");
    // And once more, from the version that this ceremony made.
    await Deno.writeTextFile(`${cwd}/dist/app.txt`, "again");
    await run("add 1.1.0 dist --repo repo");
    for (const key of keys) {
      await run(`sign targets --from ${await signElsewhere("targets", key)} --repo repo`);
    }
    await run("publish --repo repo");
    await run("update --at app");
    assert.equal(await Deno.readTextFile(`${cwd}/app/current/app.txt`), "again");
  });
});

Deno.test("a root is signed on two machines, and published by one that holds no root key", async () => {
  await withMachines(async ({ run, away, signElsewhere, url, cwd }) => {
    await run("init repo --app hello --threshold root=2");
    const keys = await away("root");
    await run("add 1.0.0 dist --repo repo");
    await run("publish --repo repo");
    await run(`update --at app --from ${url} --root repo/metadata/1.root.json`);
    await run("keys rotate timestamp --repo repo");
    const copies = [await signElsewhere("root", keys[0]), await signElsewhere("root", keys[1])];
    for (const copy of copies) await run(`sign root --from ${copy} --repo repo`);
    await run("publish --repo repo");
    assert.ok((await Deno.stat(`${cwd}/repo/metadata/2.root.json`)).isFile);
    await run("check --at app", 1);
  });
});

Deno.test("a draft that was changed after it was carried away takes no signature over the old one", async () => {
  await withMachines(async ({ run, away, signElsewhere, cwd }) => {
    await run("init repo --app hello --threshold targets=2");
    const keys = await away("targets");
    await run("add 1.0.0 dist --repo repo");
    const copy = await signElsewhere("targets", keys[0]);
    await run("promote 1.0.0 --to beta --repo repo");
    const before = await Deno.readTextFile(`${cwd}/repo/.breccia/drafts/targets.json`);
    await run(`sign targets --from ${copy} --repo repo`, 4);
    assert.equal(await Deno.readTextFile(`${cwd}/repo/.breccia/drafts/targets.json`), before);
  });
});

Deno.test("two teams, one without its key: everything else is published, and the command that is named lets it follow", async () => {
  await withMachines(async ({ run, signElsewhere, url, cwd }) => {
    await run("init repo --app hello");
    const keyOf = async (team: string, folder: string) => {
      await run(`keys generate ${team} --keys ${folder}`);
      const file = [...Deno.readDirSync(`${cwd}/${folder}`)].map(({ name }) => name)
        .find((name) => name.startsWith(`${team}-`)) as string;
      await run(`delegate ${team} --paths ${team}-* --key ${folder}/${file} --repo repo`);
      return `${folder}/${file}`;
    };
    await keyOf("red", "repo.keys");
    const blue = await keyOf("blue", "b");
    await run("add 1.0.0 dist --repo repo");
    await run("add 1.0.0 dist --repo repo --team red --app red");
    const said = await run("publish --repo repo");
    assert.match(said, /Signed red, targets, snapshot, timestamp/);
    assert.match(said, /blue waits for its keys/);
    assert.match(said, new RegExp(`breccia sign blue --key FILE --repo ${cwd}/repo`));
    assert.match(await run("publish --repo repo"), /Nothing new to sign/);
    const root = "--root repo/metadata/1.root.json";
    await run(`update --at hello --app hello --from ${url} ${root}`);
    await run(`update --at red --app red --from ${url} ${root}`);
    // As it was told to: first with nothing staged, then with a release.
    await run(`sign blue --key ${blue} --repo repo`);
    assert.match(await run("publish --repo repo"), /Signed blue, targets, snapshot, timestamp/);
    await run("add 2.0.0 dist --repo repo --team blue --app blue");
    assert.match(await run("publish --repo repo"), /blue waits for its keys/);
    await run(`sign blue --from ${await signElsewhere("blue", blue)} --repo repo`);
    assert.match(await run("publish --repo repo"), /Signed blue, snapshot, timestamp/);
    await run(`update --at blue --app blue --from ${url} ${root}`);
    await run("sign nobody --key b/x --repo repo", 2);
  });
});

Deno.test("a team's new key signs by hand what its old key signed, and publish goes on", async () => {
  await withMachines(async ({ run, cwd, url }) => {
    await run("init repo --app hello");
    const keys: string[] = [];
    for (const folder of ["repo.keys", "b"]) {
      await run(`keys generate red --keys ${folder}`);
      const name = [...Deno.readDirSync(`${cwd}/${folder}`)].map(({ name }) => name)
        .find((name) => name.startsWith("red-")) as string;
      keys.push(`${folder}/${name}`);
    }
    await run(`delegate red --paths red-* --key ${keys[0]} --repo repo`);
    await run("add 1.0.0 dist --repo repo --team red --app red");
    await run("publish --repo repo");
    await run(`delegate red --paths red-* --key ${keys[1]} --repo repo`);
    assert.match(await run("publish --repo repo", 4), /breccia sign red/);
    await run(`sign red --key ${keys[1]} --repo repo`);
    await run("publish --repo repo");
    await run(`update --at red --app red --from ${url} --root repo/metadata/1.root.json`);
    await run("verify --repo repo");
  });
});
