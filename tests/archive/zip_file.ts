import { deflateRaw } from "pako";
import { concatBytes } from "../../src/bytes/mod.ts";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

/** A zip, as wheels and jars are, of these files; checksums are left zero, since nothing here reads them. */
export function zipFile(
  files: Readonly<Record<string, Uint8Array>>,
  level: 1 | 6 | 9 = 6,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(files)) {
    const name = new TextEncoder().encode(path);
    const data = deflateRaw(content, { level, legacyHash: true });
    const fields = [20, 0, 8, 0, 0, [0], [data.length], [content.length], name.length, 0] as const;
    const local = record([[LOCAL], ...fields]);
    parts.push(local, name, data);
    directory.push(record([[CENTRAL], 20, ...fields, 0, 0, 0, [0], [offset]]), name);
    offset += local.length + name.length + data.length;
  }
  const count = Object.keys(files).length;
  const central = concatBytes(directory);
  const end = record([[END], 0, 0, count, count, [central.length], [offset], 0]);
  return concatBytes([...parts, central, end]);
}

/** Little-endian numbers of two bytes, and of four where they stand in a list. */
function record(fields: readonly (number | readonly [number])[]): Uint8Array {
  const bytes = new Uint8Array(
    fields.reduce<number>((sum, f) => sum + (Array.isArray(f) ? 4 : 2), 0),
  );
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const field of fields) {
    if (typeof field === "number") view.setUint16(at, field, true);
    else view.setUint32(at, field[0], true);
    at += typeof field === "number" ? 2 : 4;
  }
  return bytes;
}
