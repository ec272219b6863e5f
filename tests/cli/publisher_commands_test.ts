import assert from "node:assert/strict";
import { call } from "./call.ts";

async function inScratch(body: (cwd: string) => Promise<void>): Promise<void> {
  const cwd = await Deno.makeTempDir();
  try {
    await body(cwd);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

/** Runs commands one after the other; each must end with its code. */
async function run(cwd: string, ...lines: readonly (readonly [string, number])[]) {
  let last = { code: 0, stdout: "", stderr: "" };
  for (const [line, code] of lines) {
    last = await call(line.split(" "), { cwd, env: { BRECCIA_REPO: "repo" } });
    assert.equal(last.code, code, `${line}: ${last.stderr}`);
  }
  return last;
}

Deno.test("init, add, publish, inspect, verify and diff work from a caller's directory", async () => {
  await inScratch(async (cwd) => {
    await Deno.mkdir(`${cwd}/dist`);
    await Deno.writeTextFile(`${cwd}/dist/a.txt`, "one");
    await run(cwd, ["init repo --app hello", 0], ["add 1.0.0 dist", 0], ["publish", 0]);
    await Deno.writeTextFile(`${cwd}/dist/a.txt`, "two");
    const inspected = await run(cwd, ["add 1.1.0 dist", 0], ["inspect repo --json", 0]);
    const { releases, roles } = JSON.parse(inspected.stdout);
    assert.deepEqual(releases.map((one: { staged: boolean }) => one.staged), [false, true]);
    assert.equal(roles.length, 4);
    await run(cwd, ["publish --to fs:www", 0], ["verify", 0]);
    const diff = JSON.parse((await run(cwd, ["diff 1.0.0 1.1.0 --json", 0])).stdout);
    assert.deepEqual(diff.changed, ["a.txt"]);
    for await (const { name } of Deno.readDir(`${cwd}/repo/targets`)) {
      await run(cwd, [`inspect repo/targets/${name}`, 0]);
    }
    for (const name of ["timestamp", "1.root", "2.targets", "2.snapshot"]) {
      await run(cwd, [`inspect repo/metadata/${name}.json --json`, 0]);
    }
    assert.deepEqual([...Deno.readDirSync(`${cwd}/www`)].map(({ name }) => name).sort(), [
      "+staging",
      "metadata",
      "packs",
      "targets",
    ]);
  });
});

Deno.test("a file is a release of one file", async () => {
  await inScratch(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/firmware.bin`, "boot");
    await run(cwd, ["init repo --app hello", 0]);
    const added = await run(cwd, ["add 1.0.0 firmware.bin --json", 0]);
    assert.equal(JSON.parse(added.stdout).entries, 1);
  });
});

Deno.test("refusals exit with the family's code and leave the repository as it was", async () => {
  await inScratch(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/a`, "a");
    await run(cwd, ["init repo --app hello", 0], ["add 1.0.0 a", 0]);
    await run(cwd, ["init repo --app hello", 3], ["add 1.0.0 a", 6], ["add 0.9.0 a", 6]);
    await run(cwd, ["add x a", 6], ["add 2.0.0 nowhere", 2], ["diff 1.0.0 9.9.9", 6]);
    await run(cwd, ["verify --repo elsewhere", 6], ["publish --to ftp://x", 2]);
  });
});

Deno.test("private keys are readable by their owner alone, and keys that are not are refused", async () => {
  await inScratch(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/a`, "a");
    await run(cwd, ["init repo --app hello --threshold root=2", 0], ["add 1.0.0 a", 0]);
    const files = [...Deno.readDirSync(`${cwd}/repo.keys`)].map(({ name }) => name);
    assert.equal(files.length, 5);
    for (const name of files) {
      assert.equal(((await Deno.stat(`${cwd}/repo.keys/${name}`)).mode ?? 0) & 0o777, 0o600);
    }
    for (const name of files) {
      await Deno.chmod(`${cwd}/repo.keys/${name}`, 0o644);
      const { stderr } = await run(cwd, ["publish", 6]);
      assert.match(stderr, /^error\[policy-unsafe\]/);
      await Deno.chmod(`${cwd}/repo.keys/${name}`, 0o600);
    }
  });
});

Deno.test("private keys inside the repository are refused before anything is written", async () => {
  await inScratch(async (cwd) => {
    await run(cwd, ["init repo --app hello --keys repo/keys", 6]);
    await run(cwd, ["init repo --app hello --keys repo", 6]);
    await assert.rejects(Deno.stat(`${cwd}/repo`));
  });
});

Deno.test("verify exits 1 when a pack was damaged", async () => {
  await inScratch(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/a`, "a");
    await run(cwd, ["init repo --app hello", 0], ["add 1.0.0 a", 0], ["publish", 0]);
    for await (const { name } of Deno.readDir(`${cwd}/repo/packs`)) {
      await Deno.writeTextFile(`${cwd}/repo/packs/${name}`, "junk");
    }
    const { stdout } = await run(cwd, ["verify", 1]);
    assert.match(stdout, /pack-mismatch/);
  });
});

Deno.test("a ceremony: keys rotate, sign on two machines, publish", async () => {
  await inScratch(async (cwd) => {
    await run(cwd, ["init repo --app hello --threshold root=2", 0]);
    const roots = [...Deno.readDirSync(`${cwd}/repo.keys`)]
      .map(({ name }) => name).filter((name) => name.startsWith("root"));
    await Deno.mkdir(`${cwd}/usb`);
    for (const name of roots) await Deno.rename(`${cwd}/repo.keys/${name}`, `${cwd}/usb/${name}`);
    await run(cwd, ["keys rotate timestamp", 0], ["publish", 0]);
    await run(cwd, [`sign root --key usb/${roots[0]}`, 0]);
    await Deno.copyFile(`${cwd}/repo/.breccia/drafts/root.json`, `${cwd}/usb/draft.json`);
    await run(cwd, [`sign root --key usb/${roots[1]} --draft usb/draft.json`, 0]);
    const signed = await run(cwd, ["sign root --from usb/draft.json --json", 0]);
    assert.equal(JSON.parse(signed.stdout).complete, true);
    await run(cwd, ["publish", 0], ["refresh", 0], ["verify", 0]);
    const listed = JSON.parse((await run(cwd, ["keys list --json", 0])).stdout);
    assert.equal(listed.rootVersion, 2);
    assert.equal(listed.keys.filter((key: { here: boolean }) => key.here).length, 3);
  });
});

Deno.test("keys are encrypted under BRECCIA_PASSPHRASE, and useless without it", async () => {
  await inScratch(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/a`, "a");
    const env = { BRECCIA_REPO: "repo", BRECCIA_PASSPHRASE: "correct horse" };
    assert.equal((await call(["init", "repo", "--app", "hello"], { cwd, env })).code, 0);
    await run(cwd, ["add 1.0.0 a", 0], ["publish", 4]);
    assert.equal((await call(["publish"], { cwd, env })).code, 0);
  });
});

Deno.test("a key behind a command signs, and a command that lies or fails is refused", async () => {
  await inScratch(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/a`, "a");
    await run(cwd, ["init repo --app hello", 0], ["add 1.0.0 a", 0]);
    const name = [...Deno.readDirSync(`${cwd}/repo.keys`)]
      .map(({ name }) => name).find((name) => name.startsWith("timestamp")) as string;
    const { keyid, public: key, private: seed } = JSON.parse(
      await Deno.readTextFile(`${cwd}/repo.keys/${name}`),
    );
    await Deno.writeTextFile(
      `${cwd}/hsm.mjs`,
      `import { createPrivateKey, sign } from "node:crypto";
       import { readFileSync, writeSync } from "node:fs";
       const der = Buffer.from("302e020100300506032b657004220420${seed}", "hex");
       const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
       writeSync(1, sign(null, readFileSync(0), key));`,
    );
    const rewrite = (command: string[]) =>
      Deno.writeTextFile(
        `${cwd}/repo.keys/${name}`,
        JSON.stringify({ format: 1, keyid, public: key, command }),
      );
    for (const command of [["false"], ["echo", "signature"], ["/no/such/program"]]) {
      await rewrite(command);
      await run(cwd, ["publish", 4]);
    }
    await rewrite([Deno.execPath(), "run", "-A", "--quiet", `${cwd}/hsm.mjs`]);
    await run(cwd, ["publish", 0], ["verify", 0]);
  });
});
