import { encodeHex, sha256 } from "../../bytes/mod.ts";
import { BrecciaError, type ErrorCode } from "../../errors.ts";

/** What signatures say of bytes that are not here yet. */
export interface LicensedFile {
  /** Length in bytes. */
  readonly length: number;
  /** Digests in lower-case hex by algorithm; at least one of `sha256` and `sha512`. */
  readonly hashes: ReadonlyMap<string, string>;
}

/**
 * Bytes that have the signed length and digests. Stores and routes take this type, and
 * {@linkcode VerifiedObject.verify} is the one way to make it.
 */
export class VerifiedObject {
  readonly #bytes: Uint8Array<ArrayBuffer>;

  private constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  /** The content. Must not be changed. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /**
   * Accepts `bytes` as the file that is licensed.
   *
   * @param what What to call it in the error: `"pack ab12…"`.
   * @throws {BrecciaError} `code` when the length or a digest differs, or no digest is of a known kind.
   */
  static async verify(
    bytes: Uint8Array<ArrayBuffer>,
    licensed: LicensedFile,
    what: string,
    code: ErrorCode,
  ): Promise<VerifiedObject> {
    checkLength(bytes.length, licensed, what, code);
    const actual = new Map<string, string>();
    if (licensed.hashes.has("sha256")) actual.set("sha256", encodeHex(await sha256(bytes)));
    if (licensed.hashes.has("sha512")) {
      const digest = await crypto.subtle.digest("SHA-512", bytes);
      actual.set("sha512", encodeHex(new Uint8Array(digest)));
    }
    checkDigests(actual, licensed, what, code);
    return new VerifiedObject(bytes);
  }
}

/**
 * Throws unless so many bytes are signed: a digest may be signed with a length that is false.
 *
 * @throws {BrecciaError} `code`.
 */
export function checkLength(
  length: number,
  licensed: LicensedFile,
  what: string,
  code: ErrorCode,
): void {
  if (length === licensed.length) return;
  throw refused(what, code, `it has ${length} bytes where ${licensed.length} are signed`);
}

/**
 * Throws unless every digest in `actual` is the licensed one, and there is one.
 *
 * @throws {BrecciaError} `code`.
 */
export function checkDigests(
  actual: ReadonlyMap<string, string>,
  { hashes }: LicensedFile,
  what: string,
  code: ErrorCode,
): void {
  if (actual.size === 0) throw refused(what, code, "its digests are of unknown kinds only");
  for (const [algorithm, digest] of actual) {
    const signed = hashes.get(algorithm)?.toLowerCase();
    if (signed !== digest) {
      throw refused(what, code, `its ${algorithm} is ${digest} where ${signed} is signed`);
    }
  }
}

/** The hex name under which a licensed file is stored: its SHA-256, else its SHA-512. */
export function objectName({ hashes }: LicensedFile): string {
  return (hashes.get("sha256") ?? hashes.get("sha512") ?? "").toLowerCase();
}

/**
 * The digest and the length that are signed, in one text: what is remembered of a file by less would be
 * answered for one that is signed with another length.
 */
export function licenceName(file: LicensedFile): string {
  return `${objectName(file)} ${file.length}`;
}

function refused(what: string, code: ErrorCode, why: string): BrecciaError {
  return new BrecciaError(
    code,
    `Cannot accept ${what} from upstream: ${why}; nothing of it was kept, so check the upstream`,
  );
}
