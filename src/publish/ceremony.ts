import { equalBytes } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import type { ObjectStore } from "../ports/mod.ts";
import {
  addSignatures,
  countedSignatures,
  encodeMetadata,
  type JsonValue,
  type MetadataByType,
  parseJson,
  readMetadata,
  type Root,
  type Signer,
  type SigningRule,
  stringifyJson,
  type Targets,
  type UnverifiedMetadata,
} from "../tuf/mod.ts";
import { loadConfig } from "./app_config.ts";
import { teamRule } from "./delegation.ts";
import { type Draft, type DraftedRole, draftKey, loadDraft } from "./drafts.ts";
import { expiryOf } from "./next_metadata.ts";
import { loadPublished, type PublishedMetadata, ruleOf, teamOf } from "./published_metadata.ts";
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
 * Adds signatures to the draft of root, targets or a team, so that several people on several machines can
 * meet a threshold. Version and expiry stand since the change was staged, so copies that were carried
 * away match; a key here gives new ones only to a draft that nobody could publish: too old, or
 * overtaken. Changing the draft afterwards drops the signatures.
 *
 * @param role `"root"`, `"targets"` or the name of a team.
 * @param contribution Keys that sign here, or the draft file as another machine signed it.
 * @throws {BrecciaError} `wrong-state` when nothing is staged for the role; `usage` when there is no such
 * role; `metadata-mismatch` when the other file is not this draft; `clock-wrong`.
 */
export async function signDraft(
  store: ObjectStore,
  role: string,
  contribution: { readonly signers: readonly Signer[] } | { readonly file: Uint8Array },
  now: number,
): Promise<CeremonyState> {
  const config = await loadConfig(store);
  const published = await loadPublished(store);
  const time = signingTime(config, published, now);
  const type: DraftedRole = role === "root" ? "root" : "targets";
  const draft: Draft<DraftedRole> = await loadDraft(store, type, published, role);
  const targets = type === "root"
    ? published.targets
    : (await loadDraft(store, "targets", published)).metadata;
  if (type !== role && teamRule(targets, role) === undefined) {
    throw new BrecciaError("usage", `There is no role ${role}: give root, targets or a team`);
  }
  const { file } = draft;
  if (file === undefined) {
    throw new BrecciaError(
      "wrong-state",
      `Cannot sign ${role}: nothing is staged for it; stage a change with \`breccia add\`, ` +
        "`breccia keys` or `breccia delegate` first",
    );
  }
  let bytes: Uint8Array;
  if ("file" in contribution) bytes = mergeSignatures(file.bytes, contribution.file, type, role);
  else {
    const current = type === role ? published[type] : teamOf(published, role);
    const usable = file.signed.version === current.version + 1 && file.signed.expires > time;
    const expires = expiryOf(config, type, time);
    const fixed = usable ? file.bytes : await restamped(file, current.version + 1, expires);
    bytes = await addSignatures(fixed, role, contribution.signers);
  }
  await store.put(draftKey(role), bytes, { ifMatch: draft.etag });
  const rules = rulesFor(published, role, bytes, targets);
  return await ceremonyState(readMetadata(bytes, type, role), rules);
}

/** Who must sign the next metadata of a role: for a root, the old keys and its own. */
export function rulesFor(
  published: PublishedMetadata,
  role: string,
  draft: Uint8Array,
  targets: Targets = published.targets,
): readonly SigningRule[] {
  if (role !== "root" && role !== "targets") return [teamRule(targets, role) as SigningRule];
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

/** The draft under another version and expiry, without its signatures. */
async function restamped(
  file: UnverifiedMetadata<DraftedRole>,
  version: number,
  expires: number,
): Promise<Uint8Array> {
  const signed = encodeMetadata({ ...file.signed, version, expires });
  const empty = new Map<string, JsonValue>([["signatures", []], ["signed", signed]]);
  return await addSignatures(new TextEncoder().encode(stringifyJson(empty)), "the draft", []);
}

function mergeSignatures(
  ours: Uint8Array,
  theirs: Uint8Array,
  type: DraftedRole,
  role: string,
): Uint8Array {
  const mine = readMetadata(ours, type, `the draft of ${role}.json`);
  const other = readMetadata(theirs, type, `the signed copy of ${role}.json`);
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
