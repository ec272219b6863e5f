/**
 * DER as far as keys and signatures need it. Only the one encoding that DER allows is read (X.690, section
 * 10 and 8.3.2): a key or signature in two forms would be two to whoever counts, and runtimes differ in
 * which they take.
 *
 * @module
 */

/** One DER element: its tag, what it holds, and what follows it. */
interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly rest: Uint8Array;
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const SEQUENCE = 0x30;

/** What a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7) holds. */
export interface SubjectPublicKeyInfo {
  /** The DER of the algorithm identifier with its parameters, such as the curve. */
  readonly algorithm: Uint8Array;
  /** The key itself: a curve point, or a DER sequence of modulus and exponent. */
  readonly key: Uint8Array;
}

/** Reads a SubjectPublicKeyInfo; `undefined` when the bytes are something else. */
export function readSubjectPublicKeyInfo(der: Uint8Array): SubjectPublicKeyInfo | undefined {
  const outer = readElement(der, SEQUENCE);
  if (outer === undefined || outer.rest.length > 0) return undefined;
  const algorithm = readElement(outer.content, SEQUENCE);
  if (algorithm === undefined) return undefined;
  const key = readElement(algorithm.rest, BIT_STRING);
  if (key === undefined || key.rest.length > 0 || key.content[0] !== 0) return undefined;
  return { algorithm: algorithm.content, key: key.content.subarray(1) };
}

/** The numbers of an RSAPublicKey (RFC 8017, A.1.1), big-endian, without leading zeros. */
export interface RsaNumbers {
  /** n */
  readonly modulus: Uint8Array;
  /** e */
  readonly exponent: Uint8Array;
}

/** Reads an RSAPublicKey; `undefined` when the bytes are something else. */
export function readRsaNumbers(der: Uint8Array): RsaNumbers | undefined {
  const sequence = readElement(der, SEQUENCE);
  if (sequence === undefined || sequence.rest.length > 0) return undefined;
  const modulus = readPositive(sequence.content);
  const exponent = modulus && readPositive(modulus.rest);
  if (modulus === undefined || exponent === undefined || exponent.rest.length > 0) return undefined;
  return { modulus: modulus.content, exponent: exponent.content };
}

/**
 * Turns an ECDSA signature from DER, as TUF carries it, into the fixed-size `r ‖ s` that WebCrypto
 * verifies; `undefined` when it is not such a signature.
 */
export function ecdsaSignatureFromDer(
  der: Uint8Array,
  scalarBytes: number,
): Uint8Array<ArrayBuffer> | undefined {
  const sequence = readElement(der, SEQUENCE);
  if (sequence === undefined || sequence.rest.length > 0) return undefined;
  const r = readPositive(sequence.content);
  const s = r && readPositive(r.rest);
  if (r === undefined || s === undefined || s.rest.length > 0) return undefined;
  const signature = new Uint8Array(2 * scalarBytes);
  for (const [index, { content: scalar }] of [r, s].entries()) {
    if (scalar.length > scalarBytes) return undefined;
    signature.set(scalar, (index + 1) * scalarBytes - scalar.length);
  }
  return signature;
}

function readElement(der: Uint8Array, tag: number): Element | undefined {
  if (der.length < 2 || der[0] !== tag) return undefined;
  let length = der[1] as number;
  let start = 2;
  if (length >= 0x80) {
    // Long form: the low bits count the bytes of the length. Two are enough for any key or signature.
    const count = length & 0x7f;
    if (count < 1 || count > 2 || der.length < 2 + count) return undefined;
    length = 0;
    for (; start < 2 + count; start++) length = length * 256 + (der[start] as number);
    if (length < (count === 1 ? 0x80 : 0x100)) return undefined;
  }
  if (start + length > der.length) return undefined;
  return {
    tag,
    content: der.subarray(start, start + length),
    rest: der.subarray(start + length),
  };
}

/** An INTEGER above 0, without the zero byte that keeps it positive. */
function readPositive(der: Uint8Array): Element | undefined {
  const integer = readElement(der, INTEGER);
  if (integer === undefined) return undefined;
  const [first = 0, second = 0] = integer.content;
  if (first >= 0x80) return undefined;
  if (first > 0) return integer;
  return second >= 0x80 ? { ...integer, content: integer.content.subarray(1) } : undefined;
}
