/**
 * Ground floor: hex, comparison, concatenation, hashing, bounded binary reading and writing.
 *
 * @module
 */

export * from "./hex.ts";
export * from "./equal.ts";
export * from "./plain_text.ts";
export * from "./reader.ts";
export * from "./sha256.ts";
export * from "./turns.ts";
export * from "./writer.ts";
