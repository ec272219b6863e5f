/**
 * zstd behind a guard that reads the frame header and refuses before it decodes.
 *
 * @module
 */

export { frameBytes, readFrameHeader, type ZstdFrameHeader } from "./frame_header.ts";
export { rawFrame, rawFrameBytes } from "./raw_frame.ts";
export { loadCompiledZstd, loadZstd, type Zstd } from "./zstd.ts";
