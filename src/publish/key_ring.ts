import { BrecciaError } from "../errors.ts";
import type { KeyId, Signer, SigningRule } from "../tuf/mod.ts";

/** The private keys at hand: a directory, a keystore, hardware. */
export interface KeyRing {
  /** The key with this id, or `undefined` when it is not at hand. */
  signer(keyId: KeyId): Promise<Signer | undefined>;
}

/** The keys at hand that may sign by `rule`. */
export async function availableSigners(
  ring: KeyRing,
  { role }: SigningRule,
): Promise<readonly Signer[]> {
  const signers: Signer[] = [];
  for (const keyId of role.keyIds) {
    const signer = await ring.signer(keyId);
    if (signer !== undefined) signers.push(signer);
  }
  return signers;
}

/**
 * The keys at hand that may sign by `rule`, at least as many as its threshold.
 *
 * @throws {BrecciaError} `keystore` when there are fewer.
 */
export async function signersFor(
  ring: KeyRing,
  rule: SigningRule,
  name: string,
): Promise<readonly Signer[]> {
  const signers = await availableSigners(ring, rule);
  if (signers.length < rule.role.threshold) {
    throw new BrecciaError(
      "keystore",
      `Cannot sign ${name}: ${signers.length} of the ${rule.role.threshold} keys it needs are at ` +
        `hand; bring the others with --keys, or collect signatures with \`breccia sign ${name}\``,
    );
  }
  return signers;
}
