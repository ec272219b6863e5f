import { DirectoryInstall } from "../../cache/device/directory_install.ts";
import { type UpdatePolicy, Updater } from "../../src/client/mod.ts";
import { openSession, type Session } from "../../src/install/mod.ts";
import type { Fetch, InstallTarget, ManagedStore } from "../../src/ports/mod.ts";
import { addRelease, publishRepository } from "../../src/publish/mod.ts";
import { DEVICE_PATIENCE, type RetryPolicyOptions } from "../../src/transport/mod.ts";
import { MemoryTree, noise } from "../publish/memory_tree.ts";
import { clock, newRepository } from "../publish/repository_fixture.ts";

/** The files of each version: most of the large one is shared. */
export function build(version: "1.0.0" | "1.1.0"): Record<string, string | Uint8Array> {
  const data = noise(900_000, 5);
  if (version === "1.1.0") data.set(noise(300, 6), 450_000);
  return {
    "bin/app": data,
    "readme.md": `version ${version}\n`,
    ...(version === "1.0.0" ? { "old.txt": "leaves" } : { "new.txt": "comes" }),
  };
}

/** A repository with 1.0.0 published; `publishNext` adds 1.1.0. */
export async function publishedRepository(): Promise<{
  store: ManagedStore;
  root: Uint8Array;
  publishNext: () => Promise<void>;
}> {
  const { store, keys } = await newRepository();
  const publish = async (version: "1.0.0" | "1.1.0"): Promise<void> => {
    await addRelease(store, { version, tree: new MemoryTree(build(version), { link: "bin/app" }) });
    await publishRepository(store, { keys, clock });
  };
  await publish("1.0.0");
  const root = (await store.get("metadata/1.root.json"))!.bytes;
  return { store, root, publishNext: () => publish("1.1.0") };
}

/** Tries again as a device does, without waiting. */
export const patience: RetryPolicyOptions = {
  ...DEVICE_PATIENCE,
  random: () => 0.5,
  wait: () => Promise.resolve(),
};

/** A device in a directory of its own. */
export interface Device {
  readonly folder: string;
  readonly target: InstallTarget;
  /** An updater that talks to `host`; each call opens the installation anew, as a new process does. */
  updater(
    host: Fetch,
    options?: { policy?: UpdatePolicy; mirrors?: string[]; adopt?: boolean },
  ): Promise<Updater>;
  session(): Promise<Session>;
  /** Everything in the directory: paths with link targets or content, for comparisons. */
  snapshot(): Promise<Map<string, string>>;
}

/** Runs `use` with a device that trusts `root`, and removes it. */
export async function withDevice(
  root: Uint8Array | undefined,
  use: (device: Device) => Promise<void>,
  wrap: (target: InstallTarget) => InstallTarget = (target) => target,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const target = wrap(new DirectoryInstall(folder));
  const session = (adopt = false): Promise<Session> => openSession(target, { adopt });
  try {
    await use({
      folder,
      target,
      session: () => session(),
      snapshot: () => snapshot(folder),
      updater: async (host, { policy, mirrors = ["https://mirror.test/"], adopt } = {}) => {
        const install = await session(adopt);
        const cache = install.installation.files;
        return Updater.open({
          root,
          mirrors,
          install,
          cache,
          policy,
          fetch: host,
          clock,
          patience,
        });
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Checks, downloads and applies. */
export async function update(
  device: Device,
  host: Fetch,
  policy: UpdatePolicy = {},
  { adopt = false } = {},
): Promise<string> {
  const found = await (await device.updater(host, { policy, adopt })).check();
  await found!.download();
  return (await found!.apply()).version;
}

async function snapshot(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const walk = async (path: string): Promise<void> => {
    for (const entry of [...Deno.readDirSync(path)].sort((a, b) => a.name < b.name ? -1 : 1)) {
      const full = `${path}/${entry.name}`;
      const name = full.slice(folder.length + 1);
      if (entry.isSymlink) found.set(name, `-> ${await Deno.readLink(full)}`);
      else if (entry.isDirectory) await walk(full);
      else found.set(name, new TextDecoder("latin1").decode(await Deno.readFile(full)));
    }
  };
  await walk(folder);
  return found;
}
