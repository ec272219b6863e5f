/**
 * The DER bytes of a `PUBLIC KEY` in PEM (RFC 7468) with LF or CRLF line ends, or `undefined` when
 * `text` is no such PEM.
 */
export function decodePublicPem(text: string): Uint8Array<ArrayBuffer> | undefined {
  const match = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]*)-----END PUBLIC KEY-----\s*$/
    .exec(text);
  if (match === null) return undefined;
  try {
    return Uint8Array.from(atob(match[1] as string), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
