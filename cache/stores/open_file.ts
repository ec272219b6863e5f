import { constants } from "node:fs";
import { chmod, type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

/** Opens a file, does something with it and closes it, whatever happens: Node 22 knows no `await using`. */
export async function withFile<T>(
  opened: Promise<FileHandle>,
  action: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await opened;
  try {
    return await action(file);
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder outlive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  await withFile(open(folder, "r"), (handle) => handle.sync());
}

/** Opens for reading what the path itself names: a link is not followed (`ELOOP`), a pipe not waited for. */
export async function openToRead(path: string): Promise<FileHandle> {
  return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/**
 * Makes a folder and those that lead to it, each with mode 0755 whatever the umask; those that are there
 * stay as they are.
 */
export async function makeFolders(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o755 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) {
    await chmod(made, 0o755);
  }
}
