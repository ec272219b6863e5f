import assert from "node:assert/strict";
import { call } from "./call.ts";

const PEM =
  "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIAAAAAAAAAAAAAAA\n-----END EC PRIVATE KEY-----\n";

/** A folder with a repository `repo`, its keys and a build in `dist`. */
async function withRepository(
  body: (cwd: string, run: (line: string) => ReturnType<typeof call>) => Promise<void>,
): Promise<void> {
  const cwd = await Deno.makeTempDir();
  const run = (line: string) => call(line.split(" "), { cwd });
  try {
    await Deno.mkdir(`${cwd}/dist/etc`, { recursive: true });
    await Deno.writeTextFile(`${cwd}/dist/app.txt`, "hello");
    assert.equal((await run("init repo --app hello")).code, 0);
    await body(cwd, run);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

/** Every file below `folder` with its content. */
function contentOf(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) contentOf(path).forEach((text, inner) => files.set(inner, text));
    else files.set(path, Deno.readTextFileSync(path));
  }
  return files;
}

Deno.test("add refuses a build that holds its repository or its keys, under any name, and writes nothing", async () => {
  await withRepository(async (cwd, run) => {
    await Deno.symlink(cwd, `${cwd}/dist/../alias`);
    await Deno.mkdir(`${cwd}/elsewhere`);
    await Deno.symlink(`${cwd}/repo`, `${cwd}/linked`);
    const before = contentOf(`${cwd}/repo`);
    for (
      const [build, repo, named] of [
        [".", "repo", "the repository"],
        ["alias", "repo", "the repository"],
        [".", "linked", "the repository"],
        ["repo", "repo", "the repository"],
        ["repo.keys", "repo", "the private keys"],
        ["elsewhere", "repo --keys elsewhere/keys", "the private keys"],
      ] as const
    ) {
      const { code, stderr } = await run(`add 1.0.0 ${build} --repo ${repo}`);
      assert.equal(code, 6, `${build}: ${stderr}`);
      assert.ok(stderr.startsWith("error[policy-unsafe]") && stderr.includes(named), stderr);
      assert.deepEqual(contentOf(`${cwd}/repo`), before);
    }
  });
});

Deno.test("add refuses a private key of a repository under any name, whatever is allowed", async () => {
  await withRepository(async (cwd, run) => {
    const [key = ""] = [...contentOf(`${cwd}/repo.keys`).values()];
    const { keyid, public: open } = JSON.parse(key);
    const sealed = { format: 1, keyid, public: open, encrypted: { kdf: "scrypt" } };
    const command = { format: 1, keyid, public: open, command: ["sign", "--pin=1234"] };
    const before = contentOf(`${cwd}/repo`);
    for (const text of [key, `\ufeff \n${key}`, JSON.stringify(sealed), JSON.stringify(command)]) {
      await Deno.writeTextFile(`${cwd}/dist/etc/notes.txt`, text);
      const { code, stderr } = await run("add 1.0.0 dist --repo repo --allow etc/notes.txt");
      assert.equal(code, 6, stderr);
      assert.match(stderr, /^error\[policy-unsafe\]: Cannot release "etc\/notes.txt"/);
      assert.deepEqual(contentOf(`${cwd}/repo`), before);
    }
    assert.equal((await run(`add 1.0.0 dist/etc/notes.txt --repo repo`)).code, 6);
    await Deno.writeTextFile(`${cwd}/dist/etc/notes.txt`, JSON.stringify({ keyid, public: open }));
    assert.equal((await run("add 1.0.0 dist --repo repo")).stderr, "");
  });
});

Deno.test("add names files that look like secrets, and is silent about those that are allowed", async () => {
  await withRepository(async (cwd, run) => {
    const secrets = new Map([
      [".env", "TOKEN=1"],
      [".env.production", "TOKEN=1"],
      ["etc/.aws/credentials", "[default]"],
      ["etc/.git-credentials", "https://a:b@c"],
      ["etc/.npmrc", "//registry/:_authToken=abc"],
      ["etc/ID_RSA", "x"],
      ["etc/chain.txt", `certificate\n${PEM}`],
      ["etc/identity.p12", "x"],
    ]);
    const harmless = new Map([
      [".env.example", "TOKEN="],
      ["etc/.hidden/.npmrc", "//registry/:_authToken=${TOKEN}\nfund=false"],
      ["etc/id_rsa.pub", "ssh-rsa AAAA"],
      ["etc/pem.js", 'const head = "-----BEGIN PRIVATE KEY-----";\n'],
      ["etc/program", `\0${PEM}`],
    ]);
    await Deno.mkdir(`${cwd}/dist/etc/.aws`);
    await Deno.mkdir(`${cwd}/dist/etc/.hidden`);
    for (const [path, text] of [...secrets, ...harmless]) {
      await Deno.writeTextFile(`${cwd}/dist/${path}`, text);
    }
    const named = (stderr: string) =>
      [...stderr.matchAll(/^warning\[secret-file\]: "([^"]*)"/gm)].map((match) => match[1]).sort();
    const added = await run("add 1.0.0 dist --repo repo --json");
    assert.equal(added.code, 0, added.stderr);
    assert.deepEqual(named(added.stderr), [...secrets.keys()].sort());
    assert.equal(JSON.parse(added.stdout).secrets.length, secrets.size);
    const allowed = await run("add 1.1.0 dist --repo repo --allow .env* --allow etc/");
    assert.deepEqual(named(allowed.stderr), []);
  });
});

Deno.test("a mistyped --repo is told by name and leaves nothing behind", async () => {
  await withRepository(async (cwd, run) => {
    for (
      const line of [
        "add 1.0.0 dist",
        "publish",
        "refresh",
        "verify",
        "withdraw 1.0.0",
        "promote 1.0.0 --to beta",
        "rollout 1.0.0 --percent 5",
        "diff 1.0.0 1.1.0",
        "explain 1.0.0 1.1.0",
        "keys list",
        "sign root --key repo.keys/none.json",
        "delegate a --paths a-* --key dist/app.txt",
      ]
    ) {
      const { code, stderr } = await run(`${line} --repo rpeo`);
      assert.ok(code > 1, line);
      if (!/^(sign|delegate)/.test(line)) assert.match(stderr, /rpeo: .*check --repo/, line);
      await assert.rejects(Deno.stat(`${cwd}/rpeo`), Deno.errors.NotFound, line);
    }
  });
});

Deno.test("init with a wrong number of hash bins leaves neither keys nor a repository", async () => {
  await withRepository(async (cwd, run) => {
    assert.equal((await run("init other --app other --hash-bins 99")).code, 2);
    await assert.rejects(Deno.stat(`${cwd}/other`), Deno.errors.NotFound);
    await assert.rejects(Deno.stat(`${cwd}/other.keys`), Deno.errors.NotFound);
  });
});
