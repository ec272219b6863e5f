/**
 * Content-defined chunks: a gear rolling hash cuts a stream where its content says so, and a chunk is
 * named by its SHA-256.
 *
 * @module
 */

export { type Chunk, chunkStream } from "./chunk_stream.ts";
export { findCut } from "./gear.ts";
export { checkChunking, type Chunking, DEFAULT_CHUNKING } from "./chunking.ts";
export { VerifiedChunk } from "./verified_chunk.ts";
