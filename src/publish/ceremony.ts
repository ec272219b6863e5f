import { equalBytes } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import type { ObjectStore } from "../ports/mod.ts";
import {
  addSignatures,
  countedSignatures,
  encodeMetadata,
  type MetadataByType,
  parseJson,
  readMetadata,
  type Root,
  type Signer,
  type SigningRule,
  stringifyJson,
  type UnverifiedMetadata,
} from "../tuf/mod.ts";
import { loadConfig } from "./app_config.ts";
import { type DraftedRole, draftKey, loadDraft } from "./drafts.ts";
import type { JsonValue } from "../tuf/mod.ts";
import { expiryOf } from "./next_metadata.ts";
import { loadPublished, type PublishedMetadata, ruleOf } from "./published_metadata.ts";
import { signingTime } from "./signing_time.ts";

/** How far a draft is from being published. */
export interface CeremonyState {
  /** What is being signed. */
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** Signatures that count, and how many are asked for, of each rule: the old root's and the new one's. */
  readonly counts: readonly { readonly counted: number; readonly threshold: number }[];
}

/**
 * Adds signatures to the draft of a role, so that several people on several machines can meet a
 * threshold. The first signature fixes version and expiry of the draft; changing the draft
 * afterwards drops the signatures.
 *
 * @param contribution Keys that sign here, or the draft file as another machine signed it.
 * @throws {BrecciaError} `wrong-state` when nothing is staged for the role; `metadata-mismatch` when the
 * other file is not this draft; `clock-wrong`.
 */
export async function signDraft(
  store: ObjectStore,
  role: DraftedRole,
  contribution: { readonly signers: readonly Signer[] } | { readonly file: Uint8Array },
  now: number,
): Promise<CeremonyState> {
  const published = await loadPublished(store);
  const draft = await loadDraft(store, role, published);
  if (draft.file === undefined) {
    throw new BrecciaError(
      "wrong-state",
      `Cannot sign ${role}: nothing is staged for it; stage a change with \`breccia add\` or ` +
        "`breccia keys` first",
    );
  }
  const config = await loadConfig(store);
  const expires = expiryOf(config, role, signingTime(config, published, now));
  const fixed = await fixedDraft(draft.file, published[role].version + 1, expires);
  const bytes = "signers" in contribution
    ? await addSignatures(fixed, role, contribution.signers)
    : mergeSignatures(fixed, contribution.file, role);
  await store.put(draftKey(role), bytes, { ifMatch: draft.etag });
  return await ceremonyState(readMetadata(bytes, role, role), rulesFor(published, role, bytes));
}

/** Who must sign the next metadata of a role: for a root, the old keys and its own. */
export function rulesFor(
  published: PublishedMetadata,
  role: DraftedRole,
  draft: Uint8Array,
): readonly SigningRule[] {
  const rule = ruleOf(published.root, role);
  if (role === "targets") return [rule];
  const next: Root = readMetadata(draft, "root", "the draft of root.json").signed;
  return [rule, ruleOf(next, "root")];
}

/** How many signatures of each rule a file has. */
export async function ceremonyState<T extends DraftedRole>(
  file: UnverifiedMetadata<T>,
  rules: readonly SigningRule[],
): Promise<CeremonyState> {
  const { version, expires }: MetadataByType[T] = file.signed;
  const counts: { counted: number; threshold: number }[] = [];
  for (const rule of rules) {
    const counted = (await countedSignatures(file, rule)).size;
    counts.push({ counted, threshold: rule.role.threshold });
  }
  return { version, expires, counts };
}

/** True when every rule has the signatures that it asks for. */
export function isComplete({ counts }: CeremonyState): boolean {
  return counts.every(({ counted, threshold }) => counted >= threshold);
}

/** The draft as it will be signed; unchanged once a signature stands on it. */
async function fixedDraft(
  file: UnverifiedMetadata<DraftedRole>,
  version: number,
  expires: number,
): Promise<Uint8Array> {
  if (file.signatures.size > 0 && file.signed.version === version) return file.bytes;
  const signed = encodeMetadata({ ...file.signed, version, expires });
  const empty = new Map<string, JsonValue>([["signatures", []], ["signed", signed]]);
  return await addSignatures(new TextEncoder().encode(stringifyJson(empty)), "the draft", []);
}

function mergeSignatures(ours: Uint8Array, theirs: Uint8Array, role: DraftedRole): Uint8Array {
  const mine = readMetadata(ours, role, `the draft of ${role}.json`);
  const other = readMetadata(theirs, role, `the signed copy of ${role}.json`);
  if (!equalBytes(mine.signedBytes, other.signedBytes)) {
    throw new BrecciaError(
      "metadata-mismatch",
      `Cannot take the signatures: they are over another draft of ${role}.json; sign the one that ` +
        `lies in ${draftKey(role)} now`,
    );
  }
  const all = new Map([...mine.signatures, ...other.signatures]);
  const signatures = Array.from(all, ([keyid, sig]) => new Map([["keyid", keyid], ["sig", sig]]));
  const file = parseJson(ours, role) as ReadonlyMap<string, JsonValue>;
  return new TextEncoder().encode(
    stringifyJson(new Map<string, JsonValue>([...file, ["signatures", signatures]])),
  );
}
