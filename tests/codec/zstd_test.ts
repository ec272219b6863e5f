import assert from "node:assert/strict";
import fc from "fast-check";
import { loadZstd, readFrameHeader } from "../../src/codec/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";

const zstd = await loadZstd();

Deno.test("any bytes survive compression, and the header says their length", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 5000 }),
      fc.integer({ min: 1, max: 19 }),
      (bytes, level) => {
        const frame = zstd.compress(bytes, level);
        assert.equal(readFrameHeader(frame).contentBytes, bytes.length);
        assert.deepEqual(zstd.decompress(frame, bytes.length), bytes);
      },
    ),
  );
});

Deno.test("a frame that claims 1 GiB is refused before a byte is allocated", () => {
  // Magic, descriptor (8-byte content size, no single segment), window of 1 KiB, 2^30.
  const bomb = new Uint8Array([
    0x28,
    0xb5,
    0x2f,
    0xfd,
    0xc0,
    0,
    0,
    0,
    0,
    0x40,
    0,
    0,
    0,
    0,
    1,
    0,
    0,
  ]);
  assert.equal(readFrameHeader(bomb).contentBytes, 2 ** 30);
  assert.throws(
    () => zstd.decompress(bomb, 65536),
    (error) => isBrecciaError(error, "frame-malformed"),
  );
});

Deno.test("a frame with a window over the bound is refused", () => {
  const wide = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x40, 0xa8, 0, 0, 1, 0, 0]);
  assert.throws(
    () => zstd.decompress(wide, 256),
    (error) => isBrecciaError(error, "frame-oversized"),
  );
});

Deno.test("a frame without content size, or with a dictionary, is refused", () => {
  const sizeless = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 1, 0, 0]);
  assert.throws(
    () => zstd.decompress(sizeless, 0),
    (error) => isBrecciaError(error, "frame-malformed"),
  );
  const dictionary = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 0, 1, 0, 0]);
  assert.throws(
    () => zstd.decompress(dictionary, 0),
    (error) => isBrecciaError(error, "frame-malformed"),
  );
});

Deno.test("a truncated or bit-flipped frame gives our error or other bytes, never a crash", () => {
  const content = new TextEncoder().encode("breccia ".repeat(200));
  const frame = zstd.compress(content, 3);
  const attempt = (bytes: Uint8Array): void => {
    try {
      assert.equal(zstd.decompress(bytes, content.length).length, content.length);
    } catch (error) {
      assert.ok(isBrecciaError(error, "frame-malformed", "frame-oversized"), String(error));
    }
  };
  for (let length = 0; length < frame.length; length++) {
    assert.throws(() => zstd.decompress(frame.slice(0, length), content.length), isBrecciaError);
  }
  for (let bit = 0; bit < frame.length * 8; bit++) {
    const twin = frame.slice();
    twin[bit >> 3] = (twin[bit >> 3] as number) ^ (1 << (bit & 7));
    attempt(twin);
  }
});
