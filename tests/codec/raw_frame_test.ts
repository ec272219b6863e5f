import assert from "node:assert/strict";
import fc from "fast-check";
import { loadZstd, rawFrame, rawFrameBytes } from "../../src/codec/mod.ts";

Deno.test("a raw frame decodes to its bytes, and is as long as was said", async () => {
  const zstd = await loadZstd();
  const around = [0, 1, 255, 256, 65_791, 131_071, 131_072, 131_073, 1_048_576];
  fc.assert(
    fc.property(fc.constantFrom(...around), fc.nat(255), (length, byte) => {
      const bytes = new Uint8Array(length).fill(byte);
      const frame = rawFrame(bytes);
      assert.equal(frame.length, rawFrameBytes(length));
      assert.deepEqual(zstd.decompress(frame, length), bytes);
    }),
  );
});
