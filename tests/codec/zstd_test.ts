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

/** Runs `script` in a process of its own, with what it prints. */
async function alone(script: string): Promise<string> {
  const codec = new URL("../../src/codec/mod.ts", import.meta.url).href;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--quiet",
      "--config",
      config,
      `const codec = ${JSON.stringify(codec)};${script}`,
    ],
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("while zstd loads, other modules of the page load as ever", async () => {
  const seen = await alone(`
    const { instantiate } = WebAssembly;
    const { loadZstd } = await import(codec);
    const loading = loadZstd();
    const replaced = WebAssembly.instantiate !== instantiate;
    await loading;
    console.log(replaced, WebAssembly.instantiate !== instantiate);
  `);
  assert.equal(seen, "false false\n");
});

Deno.test("WebAssembly that can't be had is an error with a code, and loading again may succeed", async () => {
  const seen = await alone(`
    const { loadZstd } = await import(codec);
    const { fetch } = globalThis;
    globalThis.fetch = () => Promise.reject(new TypeError("gone"));
    const failed = await loadZstd().catch((error) => error);
    globalThis.fetch = () => Promise.resolve(new Response("<html>"));
    const html = await loadZstd().catch((error) => error);
    globalThis.fetch = fetch;
    const zstd = await loadZstd();
    console.log(failed.code, html.code, zstd.compress(new Uint8Array(9), 1).length > 0);
  `);
  assert.equal(seen, "wrong-state wrong-state true\n");
});
