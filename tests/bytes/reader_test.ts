import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteReader, ByteWriter, decodeHex, encodeHex } from "../../src/bytes/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";

const read = (bytes: Uint8Array): ByteReader =>
  new ByteReader(bytes, "test input", "index-malformed");
const refused = (error: unknown): boolean => isBrecciaError(error, "index-malformed");

Deno.test("every safe integer survives a varint and a u64", () => {
  fc.assert(fc.property(fc.maxSafeNat(), (value) => {
    const writer = new ByteWriter(1);
    writer.varint(value);
    writer.u64(value);
    const reader = read(writer.finish());
    assert.equal(reader.varint(), value);
    assert.equal(reader.u64(), value);
    reader.end();
  }));
});

Deno.test("a varint without end, over 2^53 or in a longer form than needed is refused", () => {
  assert.throws(() => read(new Uint8Array(20).fill(0x80)).varint(), refused);
  assert.throws(
    () => read(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])).varint(),
    refused,
  );
  assert.throws(
    () => read(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f])).varint(),
    refused,
  );
  assert.throws(() => read(new Uint8Array([0x81, 0x00])).varint(), refused);
  assert.throws(() => read(new Uint8Array([0x05])).varint(4), refused);
});

Deno.test("no read goes past the end, whatever the bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    const reader = read(bytes);
    try {
      while (reader.remaining > 0) reader.text(1000);
    } catch (error) {
      assert.ok(refused(error));
    }
    assert.ok(reader.offset <= bytes.length);
  }));
});

Deno.test("hexadecimal round-trips, and nothing else decodes", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.deepEqual(decodeHex(encodeHex(bytes)), bytes);
  }));
  assert.equal(decodeHex("abc"), undefined);
  assert.equal(decodeHex("0x"), undefined);
  assert.equal(decodeHex(" a"), undefined);
});
