import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeDelta, encodeDelta } from "../../src/delta/mod.ts";
import { DELTA_PREAMBLE_BYTES, readHead } from "../../src/delta/head.ts";
import type { Range } from "../../src/delta/image.ts";
import { findPrograms } from "../../src/delta/images/find_images.ts";
import { normaliseImage } from "../../src/delta/normalise.ts";
import { loadZstd } from "../../src/codec/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { noise } from "./sample_files.ts";
import {
  type SampleArchitecture,
  sampleElf,
  sampleFat,
  type SampleFormat,
  sampleProgram,
  sampleTar,
} from "./sample_programs.ts";

/** Round trips by the thousand need no small deltas. */
const FAST = { level: 1 };
const FORMATS = ["ELF", "PE", "Mach-O"] as const;
const ARCHITECTURES = ["x86-64", "arm64"] as const;

for (const format of FORMATS) {
  for (const architecture of ARCHITECTURES) {
    Deno.test(`a function added to an ${format} program for ${architecture} costs little more than it`, async () => {
      const before = sampleProgram(format, architecture, false);
      const after = sampleProgram(format, architecture, true);
      const delta = await encodeDelta(before, after);
      assert.deepEqual(await decodeDelta(delta, before), after);
      assert.equal(await imageCount(delta), 1);
      assert.ok(delta.length < 96 + 420, `${delta.length} bytes`);
    });
  }
}

for (const [format, headerBytes] of [["ELF", 176], ["PE", 472], ["Mach-O", 336]] as const) {
  Deno.test(`an ${format} program cut short at any byte of its headers round-trips, old or new`, async () => {
    const [before, after] = [
      sampleProgram(format, "x86-64", false),
      sampleProgram(format, "x86-64", true),
    ];
    const newer = sampleProgram(format, "arm64", true);
    for (let length = 0; length <= headerBytes; length++) {
      const old = before.slice(0, length);
      assert.deepEqual(await decodeDelta(await encodeDelta(old, after, FAST), old), after);
      const fresh = newer.slice(0, length);
      assert.deepEqual(await decodeDelta(await encodeDelta(before, fresh, FAST), before), fresh);
    }
  });
}

for (const format of FORMATS) {
  Deno.test(`in an ${format} program for x86-64, every reference is blanked for matching, and nothing else`, () => {
    const { file, normalised, code } = normalisedSample(format, "x86-64");
    for (let at = code.start; at < code.end; at += 96) {
      // A call, and the address of a datum.
      for (const field of [11, 23]) file.fill(0, at + field, at + field + 4);
    }
    assert.deepEqual(
      normalised.subarray(code.start, code.end),
      file.subarray(code.start, code.end),
    );
  });

  Deno.test(`in an ${format} program for arm64, every reference is blanked for matching`, () => {
    const { normalised, code } = normalisedSample(format, "arm64");
    const words = new DataView(normalised.buffer);
    for (let at = code.start; at < code.end; at += 96) {
      assert.equal(words.getUint32(at + 8, true), 0x94000000, `BL at ${at}`);
      assert.equal(words.getUint32(at + 16, true), 0x90000003, `ADRP at ${at}`);
      assert.equal(words.getUint32(at + 20, true), 0x91000063, `ADD at ${at}`);
    }
  });
}

function normalisedSample(format: SampleFormat, architecture: SampleArchitecture): {
  readonly file: Uint8Array;
  readonly normalised: Uint8Array<ArrayBuffer>;
  readonly code: Range;
} {
  const file = sampleProgram(format, architecture, true);
  const [pair] = findPrograms(sampleProgram(format, architecture, false), file);
  const normalised = file.slice();
  normaliseImage(file, normalised, pair!.new);
  return { file, normalised, code: pair!.image.new.executable[0]! };
}

Deno.test("each architecture of a universal binary is modelled", async () => {
  const fat = (insert: boolean) =>
    sampleFat(ARCHITECTURES.map((one) => [one, sampleProgram("Mach-O", one, insert)] as const));
  const [before, after] = [fat(false), fat(true)];
  const delta = await encodeDelta(before, after);
  assert.deepEqual(await decodeDelta(delta, before), after);
  assert.equal(await imageCount(delta), 2);
  assert.ok(delta.length < 1000, `${delta.length} bytes`);
});

Deno.test("a universal binary that claims slices outside itself is a flat file", async () => {
  const [before, after] = [false, true].map((insert) =>
    sampleFat([["x86-64", sampleProgram("Mach-O", "x86-64", insert)]])
  ) as [Uint8Array, Uint8Array];
  for (const field of [8 + 8, 8 + 12]) {
    const twin = before.slice();
    new DataView(twin.buffer).setUint32(field, 0xffff_fff0);
    const delta = await encodeDelta(twin, after);
    assert.equal(await imageCount(delta), 0);
    assert.deepEqual(await decodeDelta(delta, twin), after);
  }
});

Deno.test("programs in a tar stream are modelled one by one, by name", async () => {
  const [first, second] = [sampleElf("x86-64", false), sampleElf("arm64", false)];
  const before = sampleTar([["a-1.2/x", first], ["notes", noise(900, 1)], ["b-1.2/y", second]]);
  const after = sampleTar([
    ["a-1.3/x", sampleElf("x86-64", true)],
    ["b-1.3/y", sampleElf("arm64", true)],
    ["notes", noise(900, 1)],
  ]);
  const delta = await encodeDelta(before, after);
  assert.deepEqual(await decodeDelta(delta, before), after);
  assert.equal(await imageCount(delta), 2);
  assert.ok(delta.length < 1100, `${delta.length} bytes`);
});

Deno.test("a program that claims to be loaded beyond every address is a flat file", async () => {
  const before = sampleProgram("PE", "x86-64", false);
  const after = sampleProgram("PE", "x86-64", true);
  new DataView(after.buffer).setUint32(0x80 + 52, 0x0020_0001, true);
  const delta = await encodeDelta(before, after);
  assert.equal(await imageCount(delta), 0);
  assert.deepEqual(await decodeDelta(delta, before), after);
});

Deno.test("any damage to a program, headers included, still round-trips", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...FORMATS),
      fc.constantFrom(...ARCHITECTURES),
      fc.array(fc.tuple(fc.oneof(fc.nat(300), fc.nat(12_000)), fc.nat(255)), { maxLength: 30 }),
      fc.boolean(),
      async (format, architecture, damage, damageBoth) => {
        const before = sampleProgram(format, architecture, false);
        const after = sampleProgram(format, architecture, true);
        for (const [at, byte] of damage) {
          after[at] = byte;
          if (damageBoth) before[at] = byte;
        }
        const delta = await encodeDelta(before, after, { segmentBytes: 5000 });
        assert.deepEqual(await decodeDelta(delta, before), after);
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("a program's delta with a damaged byte makes the right file or none", async () => {
  const before = sampleElf("x86-64", false);
  const after = sampleElf("x86-64", true);
  const delta = await encodeDelta(before, after, { segmentBytes: 4000, level: 1 });
  let refused = 0;
  for (let at = DELTA_PREAMBLE_BYTES; at < delta.length; at++) {
    const twin = delta.slice();
    twin[at]! ^= 0x11;
    try {
      assert.deepEqual(await decodeDelta(twin, before), after);
    } catch (error) {
      assert.ok(isBrecciaError(error, "delta-malformed", "delta-mismatch"), `byte ${at}: ${error}`);
      refused++;
    }
  }
  assert.ok(refused > 0.8 * delta.length, `${refused} of ${delta.length}`);
});

async function imageCount(delta: Uint8Array): Promise<number> {
  return readHead(delta, await loadZstd()).head.images.length;
}
