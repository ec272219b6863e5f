import {
  addSignatures,
  encodeMetadata,
  type JsonValue,
  type Metadata,
  type Signer,
  stringifyJson,
} from "../../src/tuf/mod.ts";
import type { SimulatedRepository } from "./repository.ts";

/** The signed part of metadata as JSON, open to any change. */
export type OpenJson = Map<string, JsonValue>;

/** Signs metadata after `change` made of its JSON whatever it liked: what no model could hold. */
export async function forge(
  repository: SimulatedRepository,
  role: string,
  metadata: Metadata,
  change: (signed: OpenJson) => void,
  signers: readonly Signer[] = repository.signers.get(role) ?? [],
): Promise<Uint8Array> {
  const signed: OpenJson = new Map(encodeMetadata(metadata));
  change(signed);
  const file = new Map<string, JsonValue>([["signatures", []], ["signed", signed]]);
  const bytes = new TextEncoder().encode(stringifyJson(file));
  return await addSignatures(bytes, `forged ${role}`, signers);
}

/** `bytes` as text, changed, as bytes again. */
export function rewrite(bytes: Uint8Array, change: (text: string) => string): Uint8Array {
  return new TextEncoder().encode(change(new TextDecoder().decode(bytes)));
}
