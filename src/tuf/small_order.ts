import { decodeHex, equalBytes } from "../bytes/mod.ts";

/**
 * Every encoding, canonical or not, of the eight points of small order on Ed25519, with the sign bit
 * cleared. Under such a key one signature is valid for many messages: WebCrypto imports them on every
 * runtime, so they are refused here.
 *
 * @see https://eprint.iacr.org/2020/1244 (Taming the many EdDSAs, table 1)
 */
const SMALL_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map((hex) => decodeHex(hex) as Uint8Array);

/** True when the 32 bytes of `point` encode an Ed25519 point of small order. */
export function isSmallOrder(point: Uint8Array): boolean {
  const unsigned = point.slice();
  unsigned[31] = (unsigned[31] as number) & 0x7f;
  return SMALL_ORDER.some((encoding) => equalBytes(encoding, unsigned));
}

/** True when the y coordinate of an encoded Ed25519 point is below p = 2^255 - 19 (RFC 8032, 5.1.3). */
export function isCanonicalPoint(point: Uint8Array): boolean {
  const [first = 0] = point;
  const isAllOnes = point.subarray(1, 31).every((byte) => byte === 0xff) &&
    ((point[31] as number) & 0x7f) === 0x7f;
  return !isAllOnes || first < 0xed;
}
