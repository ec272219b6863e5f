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

/** Modulus of an RSAPublicKey (RFC 8017, A.1.1), without leading zeros; `undefined` when it is none. */
export function readRsaModulus(der: Uint8Array): Uint8Array | undefined {
  const sequence = readElement(der, SEQUENCE);
  const modulus = sequence && readElement(sequence.content, INTEGER);
  return modulus && stripZeros(modulus.content);
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
  const r = readElement(sequence.content, INTEGER);
  const s = r && readElement(r.rest, INTEGER);
  if (r === undefined || s === undefined || s.rest.length > 0) return undefined;
  const signature = new Uint8Array(2 * scalarBytes);
  for (const [index, integer] of [r, s].entries()) {
    const scalar = stripZeros(integer.content);
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
  }
  if (start + length > der.length) return undefined;
  return {
    tag,
    content: der.subarray(start, start + length),
    rest: der.subarray(start + length),
  };
}

function stripZeros(integer: Uint8Array): Uint8Array {
  let start = 0;
  while (start < integer.length && integer[start] === 0) start++;
  return integer.subarray(start);
}
