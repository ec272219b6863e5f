import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { build, publishedRepository, update, withDevice } from "./device.ts";
import { staticHost } from "./static_host.ts";

const { store, root, publishNext } = await publishedRepository();
const before = new Map<string, Uint8Array<ArrayBuffer>>();
for await (const { key } of store.list("")) before.set(key, (await store.get(key))!.bytes);
await publishNext();

/** The repository as it was before 1.1.0. */
const oldHost = () =>
  staticHost(store, (path) => path === "metadata/timestamp.json" ? before.get(path) : undefined);
const newHost = () => staticHost(store);

async function installed(folder: string): Promise<Record<string, string | Uint8Array>> {
  const files: Record<string, string | Uint8Array> = {};
  for (const path of ["bin/app", "readme.md", "old.txt", "new.txt"]) {
    try {
      const bytes = await Deno.readFile(`${folder}/current/${path}`);
      files[path] = path === "bin/app" ? bytes : new TextDecoder().decode(bytes);
    } catch (error) {
      assert.ok(error instanceof Deno.errors.NotFound);
    }
  }
  return files;
}

Deno.test("a device installs, updates, rolls back and goes forward again, each tree exactly as built", async () => {
  await withDevice(root, async (device) => {
    assert.equal(await update(device, oldHost()), "1.0.0");
    assert.deepEqual(await installed(device.folder), build("1.0.0"));
    assert.equal(await update(device, newHost()), "1.1.0");
    assert.deepEqual(await installed(device.folder), build("1.1.0"));
    assert.equal(await Deno.readLink(`${device.folder}/current/link`), "bin/app");
    const { installation } = await device.session();
    await installation.exclusively(() => installation.rollback());
    assert.deepEqual(await installed(device.folder), build("1.0.0"));
    await installation.exclusively(() => installation.rollback());
    assert.deepEqual(await installed(device.folder), build("1.1.0"));
  });
});

Deno.test("a check with nothing new is one request of less than 1 KB", async () => {
  await withDevice(root, async (device) => {
    await update(device, newHost());
    const host = newHost();
    const updater = await device.updater(host);
    assert.equal(await updater.check(), undefined);
    assert.deepEqual(host.requests, ["metadata/timestamp.json"]);
    assert.ok(updater.traffic.bytes < 1000);
  });
});

Deno.test("an update transfers exactly what its plan says, in at most eight requests", async () => {
  await withDevice(root, async (device) => {
    await update(device, oldHost());
    const updater = await device.updater(newHost());
    const found = await updater.check();
    const plan = await found!.plan();
    assert.ok(plan.bytes.total < plan.bytes.full / 2, "most of it is on the device");
    assert.deepEqual(plan.changes, {
      added: ["new.txt"],
      changed: ["bin/app", "readme.md"],
      removed: ["old.txt"],
    });
    const result = await found!.download();
    assert.deepEqual(result, { transferred: plan.bytes.total, reasons: [] });
    assert.ok(updater.traffic.requests <= 8, `${updater.traffic.requests} requests`);
  });
});

Deno.test("what was staged survives a restart and is applied by another process", async () => {
  await withDevice(root, async (device) => {
    await update(device, oldHost());
    const found = await (await device.updater(newHost())).check();
    await found!.download();
    assert.equal((await device.session()).current?.version, "1.0.0");
    assert.equal((await (await device.session()).apply()).version, "1.1.0");
    assert.deepEqual(await installed(device.folder), build("1.1.0"));
  });
});

Deno.test("an interrupted download goes on where it stopped", async () => {
  await withDevice(root, async (device) => {
    let served = 0;
    const failing = staticHost(store, (path) => {
      if (!path.startsWith("packs/")) return undefined;
      return served++ === 0 ? undefined : new Response(null, { status: 503 });
    });
    const controller = new AbortController();
    const first = await (await device.updater(failing)).check();
    let seen = 0;
    await assert.rejects(
      first!.download({
        signal: controller.signal,
        onProgress: ({ written, release }) => {
          seen = written;
          if (written > release / 2) controller.abort();
        },
      }),
      (error) => isBrecciaError(error, "cancelled", "http-status"),
    );
    assert.ok(seen > 0);
    const second = await (await device.updater(newHost())).check();
    const plan = await second!.plan();
    assert.ok(plan.bytes.reused >= seen, `${plan.bytes.reused} of ${seen} bytes are used again`);
    await second!.download();
    await second!.apply();
    assert.deepEqual(await installed(device.folder), build("1.1.0"));
  });
});

Deno.test("a file changed on disk is no seed: its chunks are fetched, and the plan's excess is explained", async () => {
  await withDevice(root, async (device) => {
    await update(device, oldHost());
    await Deno.writeFile(`${device.folder}/current/bin/app`, new Uint8Array(900_000));
    const found = await (await device.updater(newHost())).check();
    const plan = await found!.plan();
    const result = await found!.download();
    assert.ok(result.transferred > plan.bytes.total);
    assert.ok(result.reasons.some((reason) => reason.includes("was changed on disk")));
    await found!.apply();
    assert.deepEqual(await installed(device.folder), build("1.1.0"));
  });
});

Deno.test("a lower version asked for by name is installed only where that is allowed, and an unknown one is refused", async () => {
  await withDevice(root, async (device) => {
    await update(device, newHost());
    const before = await device.snapshot();
    const down = await device.updater(newHost(), { policy: { version: "1.0.0" } });
    await assert.rejects(down.check(), (error) => isBrecciaError(error, "version-lower"));
    assert.deepEqual(await device.snapshot(), before);
    const policy = { version: "1.0.0", allowDowngrade: true };
    assert.equal(await update(device, newHost(), policy), "1.0.0");
    const updater = await device.updater(newHost(), { policy: { version: "9.9.9" } });
    await assert.rejects(updater.check(), (error) => isBrecciaError(error, "version-missing"));
  });
});

Deno.test("without a root nothing is fetched", async () => {
  await withDevice(undefined, async (device) => {
    const host = newHost();
    await assert.rejects(
      (await device.updater(host)).check(),
      (error) => isBrecciaError(error, "root-missing"),
    );
    assert.deepEqual(host.requests, []);
  });
});

Deno.test("apply and rollback where nothing is installed refuse by name and write nothing", async () => {
  await withDevice(root, async (device) => {
    const session = await device.session();
    await assert.rejects(session.apply(), (error) => isBrecciaError(error, "wrong-state"));
    await assert.rejects(session.rollback(), (error) => isBrecciaError(error, "no-installation"));
    assert.deepEqual([...Deno.readDirSync(device.folder)], []);
  });
});
