import * as wasm from "@bokuweb/zstd-wasm";
import { BrecciaError } from "../errors.ts";
import { CONTENT_LIMITS } from "../limits.ts";
import { readFrameHeader } from "./frame_header.ts";

/** A loaded zstd: calls are synchronous, bounded, and touch no global state but its own heap. */
export interface Zstd {
  /** One zstd frame holding `bytes`, with its content size in the header. Levels are 1 to 22. */
  compress(bytes: Uint8Array, level: number): Uint8Array<ArrayBuffer>;
  /**
   * The content of one frame, which must be exactly `contentBytes` long. What the frame claims is
   * read and compared before any memory is taken.
   *
   * @throws {BrecciaError} `frame-malformed` when the frame is broken or holds another length;
   * `frame-oversized` when its window is over {@linkcode CONTENT_LIMITS}.
   */
  decompress(frame: Uint8Array, contentBytes: number): Uint8Array<ArrayBuffer>;
}

let loading: Promise<Zstd> | undefined;

/** Loads the WebAssembly module once; later calls return the same instance. */
export function loadZstd(): Promise<Zstd> {
  loading ??= wasm.init().then(() => ({ compress, decompress }));
  return loading;
}

/**
 * Loads zstd from a module that was compiled before, for runtimes that compile none from bytes
 * (workerd). Must be called before {@linkcode loadZstd}, which then returns the same instance.
 */
export function loadCompiledZstd(compiled: WebAssembly.Module): Promise<Zstd> {
  loading ??= initFrom(compiled).then(() => ({ compress, decompress }));
  return loading;
}

/** The library only takes bytes or a URL: for the time of its start, compiling means our module. */
async function initFrom(compiled: WebAssembly.Module): Promise<void> {
  const { instantiate } = WebAssembly;
  const substitute = async (_bytes: unknown, imports: WebAssembly.Imports) => ({
    module: compiled,
    instance: await instantiate(compiled, imports),
  });
  Object.assign(WebAssembly, { instantiate: substitute });
  try {
    await (wasm.init as (bytes: ArrayBuffer) => Promise<void>)(new ArrayBuffer(1));
  } finally {
    Object.assign(WebAssembly, { instantiate });
  }
}

function compress(bytes: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  return wasm.compress(bytes, level) as Uint8Array<ArrayBuffer>;
}

function decompress(frame: Uint8Array, contentBytes: number): Uint8Array<ArrayBuffer> {
  const header = readFrameHeader(frame);
  if (header.contentBytes !== contentBytes) {
    throw refused(
      "frame-malformed",
      `it claims to hold ${header.contentBytes} bytes where ${contentBytes} are signed`,
    );
  }
  if (header.windowBytes > Math.max(contentBytes, CONTENT_LIMITS.zstdWindowBytes)) {
    throw refused("frame-oversized", `it asks for a window of ${header.windowBytes} bytes`);
  }
  if (header.usesDictionary) {
    throw refused("frame-malformed", "it asks for a dictionary, and none is ever used");
  }
  let content: Uint8Array;
  try {
    content = wasm.decompress(frame);
  } catch (cause) {
    throw refused("frame-malformed", "its body is broken", cause);
  }
  if (content.length !== contentBytes) {
    throw refused("frame-malformed", `it holds ${content.length} bytes, not ${contentBytes}`);
  }
  return content as Uint8Array<ArrayBuffer>;
}

function refused(
  code: "frame-malformed" | "frame-oversized",
  why: string,
  cause?: unknown,
): BrecciaError {
  return new BrecciaError(
    code,
    `Cannot decode a zstd frame: ${why}; fetch it again or from another source`,
    { cause },
  );
}
