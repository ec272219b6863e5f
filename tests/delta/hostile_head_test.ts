import assert from "node:assert/strict";
import { ByteWriter, concatBytes, sha256 } from "../../src/bytes/mod.ts";
import { loadZstd } from "../../src/codec/mod.ts";
import { decodeDelta, encodeDelta, type ImagePair, Matches } from "../../src/delta/mod.ts";
import { readHead, writeDelta } from "../../src/delta/head.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { noise } from "./sample_files.ts";
import { sampleElf } from "./sample_programs.ts";

const zstd = await loadZstd();
const before = noise(1000, 41);
const after = noise(800, 42);

/** Five streams, of which the last holds literals. */
function segment(literals: Uint8Array, run: Uint8Array = Uint8Array.of(1, 0, 0)): Uint8Array {
  const to = new ByteWriter();
  to.bytes(run);
  for (let stream = 0; stream < 3; stream++) to.varint(0);
  to.varint(literals.length);
  if (literals.length > 0) to.varint(0);
  to.bytes(literals);
  return to.finish();
}

interface Lie {
  readonly matches?: readonly (readonly [newAt: number, source: number, length: number])[];
  readonly images?: readonly ImagePair[];
  readonly stored?: Uint8Array;
  readonly old?: Uint8Array;
  readonly fresh?: Uint8Array;
}

/** A delta whose hashes are right and whose head says what it is told. */
async function deltaOf(
  { matches = [], images = [], stored = segment(after), old = before, fresh = after }: Lie,
): Promise<Uint8Array> {
  const list = new Matches(8);
  for (const [newAt, source, length] of matches) list.push(newAt, source, length);
  const head = {
    version: 1,
    oldSize: old.length,
    newSize: fresh.length,
    oldSha256: await sha256(old),
    newSha256: await sha256(fresh),
    images,
    matches: list,
  } as const;
  return writeDelta(head, [{ length: fresh.length, coding: 0, stored }], zstd, 3);
}

async function assertMalformed(delta: Uint8Array, what: string, old = before): Promise<void> {
  await assert.rejects(
    decodeDelta(delta, old),
    (error) => isBrecciaError(error, "delta-malformed"),
    what,
  );
}

Deno.test("the deltas of this file decode when they don't lie", async () => {
  assert.deepEqual(await decodeDelta(await deltaOf({}), before), after);
});

Deno.test("matches outside the files, astride them, empty, or copying themselves are refused", async () => {
  const lies: Record<string, [number, number, number]> = {
    "past the new file": [700, 0, 200],
    "from past the old file": [0, 950, 100],
    "from before the old file": [10, -5, 20],
    "astride the old file's end": [100, 990, 20],
    "of no length": [100, 0, 0],
    "from itself": [100, 1100, 50],
    "from what comes later": [100, 1400, 50],
    "from a place with no number": [100, 2 ** 31, 50],
  };
  for (const [what, match] of Object.entries(lies)) {
    await assertMalformed(await deltaOf({ matches: [match] }), what);
  }
});

Deno.test("matches that wait for each other are refused: each copies only what precedes it", async () => {
  const matches = [[0, 1400, 100], [400, 1000, 100]] as const;
  await assertMalformed(await deltaOf({ matches }), "a cycle");
});

Deno.test("a match that copies bytes it has just made repeats them, as often as it is long", async () => {
  const fresh = new Uint8Array(800).map((_, i) => after[i % 10]!);
  const run = new ByteWriter();
  run.varint(2);
  run.varint(0);
  run.varint(790);
  const stored = segment(fresh.subarray(0, 10), run.finish());
  const delta = await deltaOf({ matches: [[10, 1000, 790]], stored, fresh });
  assert.deepEqual(await decodeDelta(delta, before), fresh);
});

Deno.test("images that overlap each other, themselves, or the end of their file are refused", async () => {
  const [old, fresh] = [sampleElf("x86-64", false), sampleElf("x86-64", true)];
  const [pair] = readHead(await encodeDelta(old, fresh), zstd).head.images;
  const twin = (change: (pair: ImagePair) => ImagePair): ImagePair =>
    change(structuredClone(pair!));
  const first = pair!.new.segments[0]!;
  const code = pair!.new.executable[0]!;
  const lies: Record<string, readonly ImagePair[]> = {
    "the same image twice": [pair!, pair!],
    "two segments in one place": [
      twin((one) => ({ ...one, new: { ...one.new, segments: [first, first] } })),
    ],
    "code in one place twice": [
      twin((one) => ({ ...one, new: { ...one.new, executable: [code, code] } })),
    ],
    "an image that ends past its file": [
      twin((one) => ({ ...one, new: { ...one.new, extent: { start: 0, end: fresh.length + 1 } } })),
    ],
    "a segment outside its image": [
      twin((one) => ({
        ...one,
        old: { ...one.old, segments: [{ ...first, offset: old.length, fileSize: 4096 }] },
      })),
    ],
  };
  for (const [what, images] of Object.entries(lies)) {
    const delta = await deltaOf({ images, old, fresh, stored: segment(fresh) });
    await assertMalformed(delta, what, old);
  }
});

/** A head made byte by byte: what follows the sizes and hashes is given. */
async function rawHead(rest: readonly number[]): Promise<Uint8Array> {
  const body = new ByteWriter();
  body.varint(before.length);
  body.varint(after.length);
  body.bytes(await sha256(before));
  body.bytes(await sha256(after));
  body.bytes(Uint8Array.from(rest));
  const to = new ByteWriter();
  to.bytes(new TextEncoder().encode("BDLT"));
  to.u8(1);
  to.u32(9 + body.length);
  to.bytes(body.finish());
  return to.finish();
}

Deno.test("counts that claim gigabytes, and numbers without end, are refused before memory is taken", async () => {
  const endless = Array(20).fill(0xff);
  const huge = [0xff, 0xff, 0xff, 0xff, 0x07];
  const lies: Record<string, number[]> = {
    "an endless length of the image tables": endless,
    "image tables of 2 GiB": [...huge, 1],
    "an endless count of matches": [0, ...endless],
    "two thousand million matches": [0, ...huge],
    "a gap stream of 2 GiB": [0, 1, ...huge, 1],
    "two thousand million segments": [0, 0, 0, 0, 0, ...huge],
    "a segment of 2 GiB": [0, 0, 0, 0, 0, 1, ...huge, 1],
  };
  for (const [what, rest] of Object.entries(lies)) await assertMalformed(await rawHead(rest), what);
  const preamble = concatBytes([await rawHead([]), new Uint8Array(100)]);
  new DataView(preamble.buffer).setUint32(5, 0xffff_fff0, true);
  await assertMalformed(preamble, "a head of 4 GiB");
});

Deno.test("a stream that inflates past its length, or claims more than its segment needs, is refused", async () => {
  const bomb = zstd.compress(new Uint8Array(50_000_000), 1).subarray(4);
  const claims = (length: number): Uint8Array => {
    const to = new ByteWriter();
    to.varint(length);
    to.varint(bomb.length);
    to.bytes(bomb);
    return segment(after, to.finish());
  };
  for (const length of [1, 1000, 1608]) {
    await assertMalformed(await deltaOf({ stored: claims(length) }), `a bomb that says ${length}`);
  }
  await assertMalformed(await deltaOf({ stored: claims(50_000_000) }), "a bomb that says so");
  await assertMalformed(await deltaOf({ stored: segment(after.subarray(1)) }), "too few literals");
  await assertMalformed(
    await deltaOf({ stored: concatBytes([segment(after), Uint8Array.of(0)]) }),
    "a byte after the streams",
  );
});
