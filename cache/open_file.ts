import { type FileHandle, open } from "node:fs/promises";

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
