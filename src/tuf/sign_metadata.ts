import { encodeHex } from "../bytes/mod.ts";
import { encodeCanonicalJson } from "./canonical_json.ts";
import { Fields } from "./fields.ts";
import { type JsonObject, jsonObject, stringifyJson } from "./json.ts";
import { parseJson } from "./json_parser.ts";
import { encodeMetadata, type Metadata } from "./metadata.ts";
import type { Signer } from "./signer.ts";

/** A metadata file: `metadata` in JSON with the signatures of `signers`, one for each key id. */
export function signMetadata(
  metadata: Metadata,
  signers: readonly Signer[],
): Promise<Uint8Array<ArrayBuffer>> {
  return withSignatures(encodeMetadata(metadata), [], signers);
}

/**
 * The metadata file `bytes` with the signatures of `signers` added to those it has (one by the same key
 * id is replaced): how a ceremony collects signatures from several machines. The signed part stays as it
 * is, unknown fields included.
 *
 * @throws {BrecciaError} `metadata-malformed` when `bytes` are no metadata file.
 */
export function addSignatures(
  bytes: Uint8Array,
  name: string,
  signers: readonly Signer[],
): Promise<Uint8Array<ArrayBuffer>> {
  const file = new Fields(parseJson(bytes, name), name);
  const signatures = file.array("signatures").map((value, index) =>
    new Fields(value, `${name}.signatures[${index}]`)
  );
  const kept = signatures.filter((signature) => {
    const keyId = signature.string("keyid");
    return !signers.some((signer) => signer.keyId === keyId);
  });
  return withSignatures(file.fields("signed").object, kept.map(({ object }) => object), signers);
}

async function withSignatures(
  signed: JsonObject,
  kept: readonly JsonObject[],
  signers: readonly Signer[],
): Promise<Uint8Array<ArrayBuffer>> {
  const message = encodeCanonicalJson(signed);
  const signatures = [...kept];
  for (const signer of new Map(signers.map((signer) => [signer.keyId, signer])).values()) {
    const signature = encodeHex(await signer.sign(message));
    signatures.push(jsonObject([["keyid", signer.keyId], ["sig", signature]], undefined));
  }
  const file = jsonObject([["signatures", signatures], ["signed", signed]], undefined);
  return new TextEncoder().encode(stringifyJson(file));
}
