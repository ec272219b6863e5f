import {
  addSignatures,
  readMetadata,
  type SigningRule,
  type UnverifiedMetadata,
} from "../tuf/mod.ts";
import { type CeremonyState, ceremonyState, isComplete } from "./ceremony.ts";
import { availableSigners, type KeyRing } from "./key_ring.ts";

/** True when signatures were collected on a draft, and its version is the next one still. */
export function isCollected(draft: UnverifiedMetadata<"targets">, version: number): boolean {
  return draft.signatures.size > 0 && draft.signed.version === version;
}

/** A draft with the signatures that were collected and those of the keys at hand. */
export async function withSignersHere(
  draft: UnverifiedMetadata<"targets">,
  rule: SigningRule,
  keys: KeyRing,
): Promise<{ readonly file: UnverifiedMetadata<"targets">; readonly state: CeremonyState }> {
  const bytes = await addSignatures(draft.bytes, draft.name, await availableSigners(keys, rule));
  const file = readMetadata(bytes, "targets", draft.name);
  return { file, state: await ceremonyState(file, [rule]) };
}

/** True when keys at hand, or signatures that were collected, are enough to publish a draft. */
export async function canBeSigned(
  draft: UnverifiedMetadata<"targets"> | undefined,
  version: number,
  rule: SigningRule,
  keys: KeyRing,
): Promise<boolean> {
  if (draft !== undefined && isCollected(draft, version)) {
    return isComplete((await withSignersHere(draft, rule, keys)).state);
  }
  return (await availableSigners(keys, rule)).length >= rule.role.threshold;
}
