import type { Requirement } from "../requirement.ts";

/** A tmpfs, mounted in a folder of its own until it is disposed of. */
export class SmallDisk implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Mounts `size`, as in `3m`. */
  static async mount(size: string): Promise<SmallDisk> {
    const folder = await Deno.makeTempDir();
    await run("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder);
    return new SmallDisk(folder);
  }

  /** Changes it while it is in use: `size=30m`, `ro`, `rw`. */
  async remount(options: string): Promise<void> {
    await run("mount", "-o", `remount,${options}`, this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", "--lazy", this.folder);
    await Deno.remove(this.folder);
  }
}

/** A file system of its own size. */
export const SMALL_DISK: Requirement = {
  what: "the right to mount a tmpfs (run as root)",
  available: await canMount(),
};

async function run(program: string, ...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

async function canMount(): Promise<boolean> {
  try {
    await using _ = await SmallDisk.mount("1m");
    return true;
  } catch {
    return false;
  }
}
