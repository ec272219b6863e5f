import type { Requirement } from "../requirement.ts";

/** An ext4 file system on a loop device, whose blocks can be lost while it is in use. */
export class BrokenDisk implements AsyncDisposable {
  /** Where it is mounted. */
  readonly folder: string;
  readonly #scratch: string;
  readonly #image: string;

  private constructor(scratch: string) {
    this.#scratch = scratch;
    this.#image = `${scratch}/image`;
    this.folder = `${scratch}/mounted`;
  }

  /** Makes and mounts one of 64 MiB. */
  static async mount(): Promise<BrokenDisk> {
    const disk = new BrokenDisk(await Deno.makeTempDir());
    try {
      await Deno.mkdir(disk.folder);
      await Deno.writeFile(disk.#image, new Uint8Array());
      await Deno.truncate(disk.#image, 64 * 1024 * 1024);
      await run("mkfs.ext4", "-q", "-F", disk.#image);
      await run("mount", "-o", "loop", disk.#image, disk.folder);
      return disk;
    } catch (error) {
      await Deno.remove(disk.#scratch, { recursive: true });
      throw error;
    }
  }

  /**
   * Loses the blocks of these files: reading them is EIO from the kernel. The files are written anew first,
   * behind all others, and the device ends where they begin.
   */
  async lose(files: readonly string[]): Promise<void> {
    // Takes the room in front, so that the files come to lie behind.
    await run("fallocate", "-l", "24M", `${this.folder}/filler`);
    for (const file of files) {
      await Deno.copyFile(file, `${file}.again`);
      await Deno.rename(`${file}.again`, file);
    }
    await run("sync", "-f", this.folder);
    const starts = await Promise.all(files.map(firstByteOf));
    await Deno.truncate(this.#image, Math.min(...starts));
    // What the kernel remembers of them would still be read.
    for (const file of files) await run("dd", `if=${file}`, "iflag=nocache", "count=0");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", "--lazy", this.folder);
    await Deno.remove(this.#scratch, { recursive: true });
  }
}

/** A disk that can lose blocks. */
export const BROKEN_DISK: Requirement = {
  what: "the right to mount a loop device, and mkfs.ext4 and filefrag (run as root)",
  available: await canBreak(),
};

/** Where a file begins on its device. */
async function firstByteOf(file: string): Promise<number> {
  const extents = await run("filefrag", "-e", "-b4096", file);
  const block = /^\s*0:\s+0\.\.\s*\d+:\s+(\d+)\.\./m.exec(extents)?.[1];
  if (block === undefined) throw new Error(`no extents in: ${extents}`);
  return Number(block) * 4096;
}

async function run(program: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

async function canBreak(): Promise<boolean> {
  try {
    await using disk = await BrokenDisk.mount();
    const file = `${disk.folder}/file`;
    await Deno.writeFile(file, new Uint8Array(10_000));
    await disk.lose([file]);
    return await Deno.readFile(file).then(() => false, () => true);
  } catch {
    return false;
  }
}
