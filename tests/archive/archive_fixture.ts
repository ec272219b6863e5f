import {
  decodeRecipe,
  encodeRecipe,
  OpenedArchive,
  rebuildArchive,
  type Recipe,
} from "../../src/archive/mod.ts";
import { concatBytes } from "../../src/bytes/mod.ts";

/** A golden file: an archive made by another program. */
export function vector(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`../vectors/archive/${name}`, import.meta.url));
}

/** An archive that was opened, its recipe read back from its bytes. */
export interface Opened {
  readonly recipe: Recipe;
  readonly content: Uint8Array;
}

/** Opens `file`, which arrives in pieces of `pieceBytes`. */
export async function open(file: Uint8Array, pieceBytes = 10_007): Promise<Opened> {
  const archive = new OpenedArchive(pieces(file, pieceBytes));
  const content: Uint8Array[] = [];
  for await (const piece of archive.content()) content.push(piece.slice());
  return {
    recipe: await decodeRecipe(encodeRecipe(archive.recipe)),
    content: concatBytes(content),
  };
}

/** The archive from `offset` on, made again. */
export async function rebuilt({ recipe, content }: Opened, offset = 0): Promise<Uint8Array> {
  const read = ({ offset, length }: { offset: number; length: number }) =>
    pieces(content.subarray(offset, offset + length), 33_333);
  const parts: Uint8Array[] = [];
  for await (const part of rebuildArchive(recipe, read, offset)) parts.push(part);
  return concatBytes(parts);
}

/** `bytes` as a stream. */
export async function* pieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    yield await Promise.resolve(bytes.subarray(at, at + pieceBytes));
  }
}
