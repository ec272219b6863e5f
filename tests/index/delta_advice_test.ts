import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeHex, encodeHex } from "../../src/bytes/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { decodeDeltaAdvice, type DeltaAdvice, encodeDeltaAdvice } from "../../src/index/mod.ts";

const ADVICE: DeltaAdvice = {
  baseSha256: new Uint8Array(32).fill(1),
  index: new Uint8Array(32).fill(2),
  sha256: new Uint8Array(32).fill(3),
  replaces: 600_000,
  bytes: 100 + 300 + 7,
  headBytes: 100,
  segments: [{ chunks: 5, bytes: 300 }, { chunks: 1, bytes: 7 }],
};

/** As docs/formats/delta-advice.md has it. */
const GOLDEN = "4252444144564301" + "01".repeat(32) + "02".repeat(32) + "03".repeat(32) +
  "c0cf24" + "64" + "02" + "05" + "ac02" + "01" + "07" +
  "11f78092768cac7aaf2bf31f45fc44a271bbb903493a0ea1c7b14c89102ad077";

const refused = (error: unknown) => isBrecciaError(error, "hint-malformed");

Deno.test("delta advice is written as the format says, and reads back", async () => {
  const bytes = await encodeDeltaAdvice(ADVICE);
  assert.equal(encodeHex(bytes), GOLDEN);
  assert.deepEqual(await decodeDeltaAdvice(decodeHex(GOLDEN)!), ADVICE);
});

Deno.test("delta advice with any bit flipped, or cut anywhere, is refused", async () => {
  const bytes = await encodeDeltaAdvice(ADVICE);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    await assert.rejects(decodeDeltaAdvice(flipped), refused, `bit ${bit}`);
  }
  for (let length = 0; length < bytes.length; length++) {
    await assert.rejects(decodeDeltaAdvice(bytes.slice(0, length)), refused, `${length} bytes`);
  }
  await assert.rejects(decodeDeltaAdvice(new Uint8Array([...bytes, 0])), refused);
});

Deno.test("delta advice that claims gigabytes, or millions of segments, is refused by its claim", async () => {
  const claims: Partial<DeltaAdvice>[] = [
    { headBytes: 2 ** 31 },
    { segments: [{ chunks: 1, bytes: 2 ** 31 }, { chunks: 1, bytes: 2 ** 31 }] },
    { segments: [{ chunks: 2 ** 33, bytes: 1 }] },
    { segments: Array.from({ length: 40_000 }, () => ({ chunks: 1, bytes: 1 })) },
    { replaces: 2 ** 50 },
  ];
  for (const claim of claims) {
    const bytes = await encodeDeltaAdvice({ ...ADVICE, ...claim });
    await assert.rejects(decodeDeltaAdvice(bytes), refused);
  }
});

Deno.test("property: whatever advice says within the bounds comes back", async () => {
  const plain = { noNullPrototype: true };
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const segment = fc.record({ chunks: fc.nat(1000), bytes: fc.nat(1_000_000) }, plain);
  const advice = fc.record({
    baseSha256: hash,
    index: hash,
    sha256: hash,
    replaces: fc.nat(),
    headBytes: fc.nat(1_000_000),
    segments: fc.array(segment, { maxLength: 200 }),
  }, plain);
  await fc.assert(
    fc.asyncProperty(advice, async (said) => {
      const bytes = said.segments.reduce((sum, { bytes }) => sum + bytes, said.headBytes);
      assert.deepEqual(await decodeDeltaAdvice(await encodeDeltaAdvice({ ...said, bytes })), {
        ...said,
        bytes,
      });
    }),
    { numRuns: 50 },
  );
});
