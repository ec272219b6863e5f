/** A byte sequence as an item of a structured field, with whatever parameters (RFC 9651, section 3.3.5). */
const BYTES = /^ *:([A-Za-z0-9+/]*={0,2}):(?: *;[\x20-\x7e]*)?$/;

/** SHA-256 of the dictionary that a client offers (RFC 9842, section 2.2); `undefined` for what is none. */
export function availableDictionary(headers: Headers): Uint8Array | undefined {
  const base64 = BYTES.exec(headers.get("available-dictionary") ?? "")?.[1];
  // Of 32 bytes, base64 has 43 characters; padding may lack (RFC 9651, section 4.2.7).
  if (base64 === undefined || base64.replace(/=+$/, "").length !== 43) return undefined;
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** `Use-As-Dictionary` for a resource whose later versions `path` matches (section 2.1). */
export function useAsDictionary(path: string): string {
  return `match="${path}"`;
}
