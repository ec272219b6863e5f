import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import type { Fetch } from "../../src/ports/mod.ts";
import { type Device, publishedRepository, update, withDevice } from "../client/device.ts";
import { staticHost } from "../client/static_host.ts";
import { testNeeding } from "../requirement.ts";

const unsafe = (error: unknown): boolean => isBrecciaError(error, "policy-unsafe");

/** A directory of somebody else with one file, which must stay as it is. */
async function withVictim(use: (victim: string) => Promise<void>): Promise<void> {
  const victim = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${victim}/precious`, "theirs");
    await use(victim);
    const names = Array.from(Deno.readDirSync(victim), ({ name }) => name);
    assert.deepEqual(names, ["precious"]);
    assert.equal(await Deno.readTextFile(`${victim}/precious`), "theirs");
  } finally {
    await Deno.remove(victim, { recursive: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

for (const name of ["releases", "state"]) {
  Deno.test(`a link planted as ${name} is refused, and nothing is written behind it`, async () => {
    const { store, root, publishNext } = await publishedRepository();
    await withVictim(async (victim) => {
      await withDevice(root, async (device) => {
        await update(device, staticHost(store));
        await publishNext();
        await Deno.rename(`${device.folder}/${name}`, `${device.folder}.${name}`);
        await Deno.symlink(victim, `${device.folder}/${name}`);
        await assert.rejects(update(device, staticHost(store)));
        await Deno.remove(`${device.folder}.${name}`, { recursive: true });
      });
    });
  });
}

Deno.test("a link swapped in for releases while an update runs is refused before the next write", async () => {
  const { store, root, publishNext } = await publishedRepository();
  await withVictim(async (victim) => {
    await withDevice(root, async (device) => {
      await update(device, staticHost(store));
      await publishNext();
      const kept = `${device.folder}.kept`;
      const host = staticHost(store);
      const swapping: Fetch = async (request) => {
        if (/\/packs\/|\/chunks$/.test(request.url) && !await isThere(kept)) {
          await Deno.rename(`${device.folder}/releases`, kept);
          await Deno.symlink(victim, `${device.folder}/releases`);
        }
        return await host(request);
      };
      await assert.rejects(update(device, swapping));
      assert.ok(await isThere(kept), "it was swapped");
      await Deno.remove(kept, { recursive: true });
    });
  });
});

Deno.test("a directory of the new tree swapped for a link while it is written leads nowhere", async () => {
  const { store, root } = await publishedRepository();
  await withVictim(async (victim) => {
    await withDevice(root, async (device) => {
      const host = staticHost(store);
      let swapped = false;
      const swapping: Fetch = async (request) => {
        const answer = await host(request);
        swapped ||= await swapTree(device, victim);
        return answer;
      };
      await update(device, swapping).catch((error) => assert.ok(isBrecciaError(error), `${error}`));
    });
  });
});

/** Replaces the tree that is being written by a link; false when there is none yet. */
async function swapTree({ folder }: Device, victim: string): Promise<boolean> {
  const releases = `${folder}/releases`;
  const names = await isThere(releases)
    ? Array.from(Deno.readDirSync(releases), ({ name }) => name)
    : [];
  for (const name of names) {
    await Deno.remove(`${releases}/${name}`, { recursive: true });
    await Deno.symlink(victim, `${releases}/${name}`);
  }
  return names.length > 0;
}

Deno.test("a folder that everybody may write to is refused, with the cure, and stays empty", async () => {
  const { store, root } = await publishedRepository();
  await withDevice(root, async (device) => {
    await Deno.chmod(device.folder, 0o777);
    await assert.rejects(
      update(device, staticHost(store)),
      (error) => unsafe(error) && /chmod go-w/.test((error as Error).message),
    );
    assert.deepEqual([...Deno.readDirSync(device.folder)], []);
    await Deno.chmod(device.folder, 0o755);
    assert.equal(await update(device, staticHost(store)), "1.0.0");
  });
});

const rootUser = { what: "the rights of root, to give a folder away", available: Deno.uid() === 0 };

testNeeding(rootUser, "a folder of another user is refused, and stays as it is", async () => {
  const { store, root } = await publishedRepository();
  await withDevice(root, async (device) => {
    await Deno.chown(device.folder, 12_345, 12_345);
    await assert.rejects(update(device, staticHost(store)), unsafe);
    assert.deepEqual([...Deno.readDirSync(device.folder)], []);
    await Deno.chown(device.folder, 0, 0);
  });
});

async function makePipe(path: string): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: [path] }).output();
  assert.ok(success);
}

Deno.test("a pipe in the place of any file of the state holds nobody up", async () => {
  const { store, root, publishNext } = await publishedRepository();
  await withDevice(root, async (device) => {
    await update(device, staticHost(store));
    await publishNext();
    const state = `${device.folder}/state`;
    const files = [...await device.snapshot()].flatMap(([path]) =>
      path.startsWith("state/") ? [path.slice("state/".length)] : []
    );
    let tried = 0;
    for (const name of files) {
      if (!(await Deno.lstat(`${state}/${name}`)).isFile) continue;
      await Deno.rename(`${state}/${name}`, `${device.folder}.kept`);
      await makePipe(`${state}/${name}`);
      // Nobody writes into the pipe: an open that waits for that would wait for ever.
      const check = device.updater(staticHost(store)).then((updater) => updater.check());
      await check.catch((error) => assert.ok(isBrecciaError(error), `${name}: ${error}`));
      tried++;
      await Deno.remove(`${state}/${name}`);
      await Deno.rename(`${device.folder}.kept`, `${state}/${name}`);
    }
    assert.ok(tried > 3, `${tried} files`);
    assert.equal(await update(device, staticHost(store)), "1.1.0");
  });
});

for (
  const [what, plant] of [
    ["a pipe", makePipe],
    ["a link", (path: string) => Deno.symlink("/etc/hostname", path)],
    ["garbage", (path: string) => Deno.writeTextFile(path, "who knows")],
  ] as const
) {
  Deno.test(`${what} as lock is told by name, with the way out, and changes nothing`, async () => {
    const { store, root } = await publishedRepository();
    await withDevice(root, async (device) => {
      await plant(`${device.folder}/lock`);
      await assert.rejects(
        update(device, staticHost(store)),
        (error) => isBrecciaError(error, "locked") && /lock.*remove it/.test(error.message),
      );
      assert.ok(!await isThere(`${device.folder}/current`));
      await Deno.remove(`${device.folder}/lock`);
      assert.equal(await update(device, staticHost(store)), "1.0.0");
    });
  });
}

for (const umask of ["000", "077"]) {
  Deno.test(`under umask ${umask} what is installed has its recorded modes, and no other user may write`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const script = new URL("./update_once.ts", import.meta.url).pathname;
      const config = new URL("../../deno.json", import.meta.url).pathname;
      const deno = `'${Deno.execPath()}' run -A --quiet --config '${config}'`;
      const { success, stderr } = await new Deno.Command("sh", {
        args: ["-c", `umask ${umask} && exec ${deno} '${script}' '${folder}/at'`],
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const mode = async (path: string): Promise<string> =>
        ((await Deno.stat(`${folder}/at/${path}`)).mode! & 0o7777).toString(8);
      assert.equal(await mode(""), "755");
      assert.equal(await mode("releases"), "755");
      assert.equal(await mode("current/"), "755");
      assert.equal(await mode("current/bin"), "755");
      assert.equal(await mode("current/readme.md"), "644");
      for await (const path of filesBelow(`${folder}/at`)) {
        const { mode = 0, isSymlink } = await Deno.lstat(path);
        assert.ok(isSymlink || (mode! & 0o022) === 0, `${path}: ${mode!.toString(8)}`);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    yield `${folder}/${name}`;
    if (isDirectory) yield* filesBelow(`${folder}/${name}`);
  }
}
