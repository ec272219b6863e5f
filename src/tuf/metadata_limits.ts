import { METADATA_LIMITS } from "../limits.ts";

/** Bounds of a refresh; see `METADATA_LIMITS` for what each stops. */
export type MetadataLimits = { readonly [Name in keyof typeof METADATA_LIMITS]: number };

/** The defaults, with the caller's own bounds in their place. */
export function metadataLimits(own: Partial<MetadataLimits> = {}): MetadataLimits {
  return { ...METADATA_LIMITS, ...own };
}
