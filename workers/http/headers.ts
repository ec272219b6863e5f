/** How long an answer may be kept, and by whom. */
export const CACHE_POLICY = {
  /** Its URL names its content: it never changes. */
  immutable: "public, max-age=31536000, immutable, no-transform",
  /** Metadata under a version: never changes either, but is small and worth a look each day. */
  versioned: "public, max-age=86400, no-transform",
  /** The timestamp, and targets under a plain name: new within seconds everywhere. */
  pointer: "public, max-age=5, must-revalidate, no-transform",
  /** Answers about this moment. */
  never: "no-store",
} as const;

/** Who may keep an answer how long. */
export type CachePolicy = keyof typeof CACHE_POLICY;

/** Headers of every answer: which protocol this is, and that browsers may use it from any origin. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  "breccia-edge": "1",
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "breccia-edge, breccia-max-chunks, content-range, etag, content-length, retry-after, " +
    "x-request-id",
  "x-content-type-options": "nosniff",
};

/** Policy for a metadata file by its name: only the timestamp has no version in it. */
export function metadataPolicy(name: string): CachePolicy {
  return /^\d+\./.test(name) ? "versioned" : "pointer";
}
