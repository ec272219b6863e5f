import type { Key, KeyId } from "./key.ts";

/** Something that signs: a key in memory, a keystore, a command, a hardware module. */
export interface Signer {
  /** The public key, as root or delegations list it. */
  readonly key: Key;
  /** Its {@linkcode computeKeyId}. */
  readonly keyId: KeyId;
  /** The signature over `message`, as TUF carries it: ECDSA in DER, the others raw. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}
