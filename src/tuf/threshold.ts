import { decodeHex } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import type { Key, KeyId } from "./key.ts";
import type { MetadataType, UnverifiedMetadata } from "./metadata.ts";
import type { RoleKeys } from "./role.ts";

/** Who may sign a metadata file, according to whom. */
export interface SigningRule {
  /** The keys and the threshold. */
  readonly role: RoleKeys;
  /** The keys that the delegator lists. */
  readonly keys: ReadonlyMap<KeyId, Key>;
  /** Who says so, for errors: `"version 3 of the root"`. */
  readonly delegator: string;
}

/**
 * The key ids whose signatures count: of the role, known, valid over the signed bytes, and one for each
 * distinct key. A key listed under two ids counts once (TUF 5.3.4: "unique keys").
 *
 * This is the only place where signatures are counted.
 */
export async function countedSignatures(
  metadata: Pick<UnverifiedMetadata<MetadataType>, "signedBytes" | "signatures">,
  { role, keys }: SigningRule,
): Promise<ReadonlySet<KeyId>> {
  const counted = new Set<KeyId>();
  const identities = new Set<string>();
  for (const keyId of role.keyIds) {
    const publicKey = keys.get(keyId)?.publicKey;
    const signature = decodeHex(metadata.signatures.get(keyId) ?? "");
    if (publicKey === undefined || signature === undefined || signature.length === 0) continue;
    if (identities.has(publicKey.identity)) continue;
    if (await publicKey.verify(metadata.signedBytes, signature)) {
      identities.add(publicKey.identity);
      counted.add(keyId);
    }
  }
  return counted;
}

/**
 * Throws unless enough distinct keys of the role signed the metadata.
 *
 * @throws {BrecciaError} `arbitrary-software` when nobody who may sign it did; `signature-threshold`
 * when too few did.
 */
export async function checkThreshold(
  metadata: UnverifiedMetadata<MetadataType>,
  rule: SigningRule,
): Promise<void> {
  const { threshold } = rule.role;
  const count = (await countedSignatures(metadata, rule)).size;
  if (count >= threshold) return;
  if (count === 0) {
    throw new BrecciaError(
      "arbitrary-software",
      `Cannot accept ${metadata.name}: no key that ${rule.delegator} trusts has signed it; use another mirror, and don't install anything from this one`,
    );
  }
  throw new BrecciaError(
    "signature-threshold",
    `Cannot accept ${metadata.name}: ${count} of the ${threshold} signatures that ${rule.delegator} asks for are valid; use another mirror, and tell the publisher, for a key may be compromised`,
  );
}
