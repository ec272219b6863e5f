import assert from "node:assert/strict";
import { Updater } from "../../src/client/mod.ts";
import { openSession } from "../../src/install/mod.ts";
import type { InstallTarget } from "../../src/ports/mod.ts";
import { build, publishedRepository, update, withDevice } from "../client/device.ts";
import { staticHost } from "../client/static_host.ts";
import { clock } from "../publish/repository_fixture.ts";
import { MortalTarget, PowerLoss } from "./mortal_target.ts";

const { store, root, publishNext } = await publishedRepository();
const oldTimestamp = (await store.get("metadata/timestamp.json"))!.bytes;
await publishNext();
const oldHost = () =>
  staticHost(store, (path) => path === "metadata/timestamp.json" ? oldTimestamp : undefined);

/** Brings the newest release to `target`, as a process that was just started does. */
async function bring(target: InstallTarget): Promise<void> {
  const install = await openSession(target);
  const cache = target.state;
  const mirrors = ["https://mirror.test/"];
  const updater = Updater.open({ root, mirrors, install, cache, fetch: staticHost(store), clock });
  const found = await updater.check();
  if (found === undefined) return;
  await found.download();
  await found.apply();
}

async function goBack(target: InstallTarget): Promise<void> {
  await (await openSession(target)).rollback();
}

async function resume(target: InstallTarget): Promise<void> {
  await (await openSession(target)).resume();
}

/** The version that runs, after every file of it was compared with its build. */
async function wholeVersion(folder: string): Promise<"1.0.0" | "1.1.0"> {
  const readme = await Deno.readTextFile(`${folder}/current/readme.md`);
  const version = readme === "version 1.0.0\n" ? "1.0.0" : "1.1.0";
  const files = build(version);
  const names = [...Deno.readDirSync(`${folder}/current`)].map(({ name }) => name).sort();
  assert.deepEqual(
    names,
    ["bin", "link", version === "1.0.0" ? "old.txt" : "new.txt", "readme.md"].sort(),
  );
  assert.deepEqual(await Deno.readFile(`${folder}/current/bin/app`), files["bin/app"]);
  return version;
}

async function withCopy(folder: string, use: (copy: string) => Promise<void>): Promise<void> {
  const copy = await Deno.makeTempDir();
  try {
    await new Deno.Command("cp", { args: ["-a", `${folder}/.`, copy] }).output();
    await use(copy);
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

/** Loses power at every change that `work` makes, and asks `after` what a restart finds. */
async function loseEverywhere(
  folder: string,
  work: (target: InstallTarget) => Promise<void>,
  after: (copy: string) => Promise<void>,
): Promise<number> {
  let changes = 0;
  await withCopy(folder, async (copy) => {
    const mortal = new MortalTarget(copy, Infinity, "after");
    await work(mortal.target);
    changes = mortal.changes;
  });
  for (let fatal = 1; fatal <= changes; fatal++) {
    for (const moment of ["before", "after"] as const) {
      await withCopy(folder, async (copy) => {
        await assert.rejects(work(new MortalTarget(copy, fatal, moment).target), PowerLoss);
        await after(copy);
      });
    }
  }
  return changes;
}

Deno.test("power lost at any change of an update leaves the old or the new version, whole, and the next update completes", async () => {
  await withDevice(root, async (device) => {
    await update(device, oldHost());
    const found = new Set<string>();
    const changes = await loseEverywhere(device.folder, bring, async (copy) => {
      found.add(await wholeVersion(copy));
      await bring(new MortalTarget(copy, Infinity, "after").target);
      assert.equal(await wholeVersion(copy), "1.1.0");
      await goBack(new MortalTarget(copy, Infinity, "after").target);
      assert.equal(await wholeVersion(copy), "1.0.0");
    });
    assert.ok(changes > 10, `${changes} changes`);
    assert.deepEqual([...found].sort(), ["1.0.0", "1.1.0"]);
  });
});

Deno.test("power lost at any change of a rollback, or of the way forward again, leaves one whole version", async () => {
  await withDevice(root, async (device) => {
    await update(device, oldHost());
    await update(device, staticHost(store));
    await loseEverywhere(device.folder, goBack, async (copy) => {
      const found = await wholeVersion(copy);
      await bring(new MortalTarget(copy, Infinity, "after").target);
      assert.equal(await wholeVersion(copy), found, "what a rollback left is held");
      await resume(new MortalTarget(copy, Infinity, "after").target);
      await bring(new MortalTarget(copy, Infinity, "after").target);
      assert.equal(await wholeVersion(copy), "1.1.0");
    });
    await goBack(device.target);
    await resume(device.target);
    await loseEverywhere(device.folder, bring, async (copy) => {
      await wholeVersion(copy);
      await bring(new MortalTarget(copy, Infinity, "after").target);
      assert.equal(await wholeVersion(copy), "1.1.0");
    });
  });
});
