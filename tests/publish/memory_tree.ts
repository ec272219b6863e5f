import type { TreeEntry, TreeReader } from "../../src/ports/mod.ts";

/** A build in memory: text or bytes by path; parents are made as needed. */
export class MemoryTree implements TreeReader {
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #links: ReadonlyMap<string, string>;

  constructor(files: Record<string, string | Uint8Array>, links: Record<string, string> = {}) {
    const encoder = new TextEncoder();
    this.#files = new Map(
      Object.entries(files).map(([path, content]) => [
        path,
        typeof content === "string" ? encoder.encode(content) : content,
      ]),
    );
    this.#links = new Map(Object.entries(links));
  }

  async *entries(): AsyncGenerator<TreeEntry> {
    const folders = new Set<string>();
    for (const path of this.#files.keys()) {
      for (let cut = path.indexOf("/"); cut > 0; cut = path.indexOf("/", cut + 1)) {
        folders.add(path.slice(0, cut));
      }
    }
    for (const path of folders) yield { kind: "directory", path, mode: 0o755 };
    for (const [path, { length }] of this.#files) {
      yield { kind: "file", path, mode: 0o644, size: length };
    }
    for (const [path, target] of this.#links) yield { kind: "link", path, target };
    await Promise.resolve();
  }

  read(path: string, offset: number, into: Uint8Array): Promise<number> {
    const part = this.#files.get(path)?.subarray(offset, offset + into.length);
    into.set(part ?? []);
    return Promise.resolve(part?.length ?? 0);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Bytes that look random and are a function of `seed`. */
export function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  // Spread first, so that neighbours differ; the generator must not start at 0.
  let state = Math.imul(seed + 1, 0x9e3779b1) || 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}
