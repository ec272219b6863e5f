import { concatBytes } from "../bytes/mod.ts";
import type { TreeEntry } from "../ports/mod.ts";

/** Tar counts in blocks of this many bytes. */
export const TAR_BLOCK = 512;

/** 1980-01-01T00:00:00Z, in seconds: the earliest time that zip archives can hold too. */
const FIXED_TIME = 315532800;

const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
/** Eleven octal digits. */
const USTAR_SIZE_LIMIT = 8 ** 11;

/** Nothing but ASCII. */
// deno-lint-ignore no-control-regex
const PLAIN = /^[\u0000-\u007f]*$/;

const encoder = new TextEncoder();

/**
 * The header of an entry in the release stream: one ustar block, after a pax extended header where the
 * entry needs one. A function of the entry alone (docs/formats/release-index.md; POSIX.1-2017, pax).
 */
export function tarHeader(entry: TreeEntry): Uint8Array<ArrayBuffer> {
  const path = encoder.encode(entry.kind === "directory" ? `${entry.path}/` : entry.path);
  const link = encoder.encode(entry.kind === "link" ? entry.target : "");
  const size = entry.kind === "file" ? entry.size : 0;
  const mode = entry.kind === "link" ? 0o777 : entry.mode;
  const type = entry.kind === "file" ? "0" : entry.kind === "directory" ? "5" : "2";

  const split = PLAIN.test(entry.path) ? splitPath(path) : undefined;
  const fits = entry.kind !== "link" || linkFits(entry.target);
  const sizeFits = size < USTAR_SIZE_LIMIT;
  const main = ustarBlock({
    name: split?.name ?? path.subarray(0, NAME_BYTES),
    prefix: split?.prefix ?? new Uint8Array(0),
    link: link.subarray(0, NAME_BYTES),
    size: sizeFits ? size : 0,
    mode,
    type,
  });
  if (split !== undefined && fits && sizeFits) return main;

  const records = concatBytes([
    split === undefined ? paxRecord("path", path) : new Uint8Array(0),
    fits ? new Uint8Array(0) : paxRecord("linkpath", link),
    sizeFits ? new Uint8Array(0) : paxRecord("size", encoder.encode(String(size))),
  ]);
  const extended = ustarBlock({
    name: encoder.encode("PaxHeader"),
    prefix: new Uint8Array(0),
    link: new Uint8Array(0),
    size: records.length,
    mode: 0o644,
    type: "x",
  });
  return concatBytes([extended, records, new Uint8Array(paddingOf(records.length)), main]);
}

/** Length of {@linkcode tarHeader}, which is not made: layouts of large trees ask for nothing else. */
export function tarHeaderBytes(entry: TreeEntry): number {
  const path = entry.kind === "directory" ? `${entry.path}/` : entry.path;
  const link = entry.kind === "link" ? entry.target : "";
  let records = pathFits(path) ? 0 : paxRecordBytes("path", encoder.encode(path).length);
  if (!linkFits(link)) records += paxRecordBytes("linkpath", encoder.encode(link).length);
  if (entry.kind === "file" && entry.size >= USTAR_SIZE_LIMIT) {
    records += paxRecordBytes("size", String(entry.size).length);
  }
  return records === 0 ? TAR_BLOCK : 2 * TAR_BLOCK + records + paddingOf(records);
}

function pathFits(path: string): boolean {
  if (!PLAIN.test(path)) return false;
  return path.length <= NAME_BYTES || splitPath(encoder.encode(path)) !== undefined;
}

function linkFits(link: string): boolean {
  return link.length <= NAME_BYTES && PLAIN.test(link);
}

/** Zero bytes that follow `length` bytes up to the next block. */
export function paddingOf(length: number): number {
  return (TAR_BLOCK - length % TAR_BLOCK) % TAR_BLOCK;
}

/** Splits at the last slash that lets both parts fit; `undefined` when none does. */
function splitPath(path: Uint8Array): { name: Uint8Array; prefix: Uint8Array } | undefined {
  if (path.length <= NAME_BYTES) return { name: path, prefix: new Uint8Array(0) };
  for (let at = Math.min(PREFIX_BYTES, path.length - 2); at > 0; at--) {
    if (path[at] !== 0x2f) continue;
    const name = path.subarray(at + 1);
    return name.length <= NAME_BYTES ? { name, prefix: path.subarray(0, at) } : undefined;
  }
  return undefined;
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts the whole record with its own digits. */
function paxRecord(key: string, value: Uint8Array): Uint8Array {
  return concatBytes([
    encoder.encode(`${paxRecordBytes(key, value.length)} ${key}=`),
    value,
    encoder.encode("\n"),
  ]);
}

function paxRecordBytes(key: string, valueBytes: number): number {
  const rest = key.length + valueBytes + 3;
  let length = rest + 1;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return length;
}

interface UstarFields {
  readonly name: Uint8Array;
  readonly prefix: Uint8Array;
  readonly link: Uint8Array;
  readonly size: number;
  readonly mode: number;
  readonly type: string;
}

function ustarBlock(fields: UstarFields): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(TAR_BLOCK);
  const text = (offset: number, value: string): void => block.set(encoder.encode(value), offset);
  const octal = (offset: number, digits: number, value: number): void =>
    text(offset, value.toString(8).padStart(digits, "0"));
  block.set(fields.name, 0);
  octal(100, 7, fields.mode);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, fields.size);
  octal(136, 11, FIXED_TIME);
  text(148, "        ");
  text(156, fields.type);
  block.set(fields.link, 157);
  text(257, "ustar\0" + "00");
  octal(329, 7, 0);
  octal(337, 7, 0);
  block.set(fields.prefix, 345);
  let checksum = 0;
  for (const byte of block) checksum += byte;
  text(148, checksum.toString(8).padStart(6, "0") + "\0 ");
  return block;
}
