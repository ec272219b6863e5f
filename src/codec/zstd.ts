import * as wasm from "@bokuweb/zstd-wasm";
import { BrecciaError } from "../errors.ts";
import { CONTENT_LIMITS } from "../limits.ts";
import { readFrameHeader } from "./frame_header.ts";
import { OutOfWasmMemory, WasmHeap } from "./wasm_heap.ts";

/** A loaded zstd: calls are synchronous, bounded, and touch no global state but its own heap. */
export interface Zstd {
  /**
   * One zstd frame holding `bytes`, with its content size in the header. Levels are 1 to 22.
   *
   * @throws {BrecciaError} `frame-oversized` when there is no memory for it.
   */
  compress(bytes: Uint8Array, level: number): Uint8Array<ArrayBuffer>;
  /**
   * One zstd frame holding `bytes`, which a decoder needs the raw `dictionary` for. What lies further back
   * than the window of the level counts for nothing: 4 MiB at levels 9 to 15.
   *
   * @throws {BrecciaError} `frame-oversized` when there is no memory for it; `frame-malformed` when the
   * dictionary begins as a trained one does, for which it would be taken.
   */
  compressWith(
    dictionary: Uint8Array,
    bytes: Uint8Array,
    level: number,
  ): Uint8Array<ArrayBuffer>;
  /**
   * The content of one frame, which must be exactly `contentBytes` long. What the frame claims is
   * read and compared before any memory is taken.
   *
   * @throws {BrecciaError} `frame-malformed` when the frame is broken or holds another length;
   * `frame-oversized` when its window is over {@linkcode CONTENT_LIMITS}, or there is no memory for it.
   */
  decompress(frame: Uint8Array, contentBytes: number): Uint8Array<ArrayBuffer>;
}

/** The magic number of a trained dictionary (RFC 8878, section 5). */
const TRAINED_MAGIC = 0xec30a437;

const heap = new WasmHeap();
let loading: Promise<Zstd> | undefined;

const ZSTD: Zstd = { compress, compressWith, decompress };

/** Loads the WebAssembly module once; later calls return the same instance. */
export function loadZstd(): Promise<Zstd> {
  loading ??= heap.guard(() => wasm.init()).then(() => ZSTD);
  return loading;
}

/**
 * Loads zstd from a module that was compiled before, for runtimes that compile none from bytes
 * (workerd). Must be called before {@linkcode loadZstd}, which then returns the same instance.
 */
export function loadCompiledZstd(compiled: WebAssembly.Module): Promise<Zstd> {
  // The library takes only bytes or a URL, and asks for no more than a length.
  const start = wasm.init as (bytes: ArrayBuffer) => Promise<void>;
  loading ??= heap.guard(() => start(new ArrayBuffer(1)), compiled)
    .then(() => ZSTD);
  return loading;
}

function compress(bytes: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  return withMemory(bytes, level, () => wasm.compress(bytes, level));
}

function compressWith(
  dictionary: Uint8Array,
  bytes: Uint8Array,
  level: number,
): Uint8Array<ArrayBuffer> {
  const view = new DataView(dictionary.buffer, dictionary.byteOffset, dictionary.byteLength);
  if (dictionary.length >= 4 && view.getUint32(0, true) === TRAINED_MAGIC) {
    throw new BrecciaError(
      "frame-malformed",
      "Cannot compress with a dictionary that begins as a trained one does; use none",
    );
  }
  return withMemory(bytes, level, () => {
    const context = wasm.createCCtx();
    try {
      return wasm.compressUsingDict(context, bytes, dictionary, level);
    } finally {
      wasm.freeCCtx(context);
    }
  });
}

function withMemory(
  bytes: Uint8Array,
  level: number,
  work: () => Uint8Array,
): Uint8Array<ArrayBuffer> {
  try {
    return heap.call(work) as Uint8Array<ArrayBuffer>;
  } catch (cause) {
    throw new BrecciaError(
      "frame-oversized",
      `Cannot compress ${bytes.length} bytes at zstd level ${level}: this machine has no memory for it; ` +
        `lower the level or free memory`,
      { cause },
    );
  }
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
    content = heap.call(() => wasm.decompress(frame));
  } catch (cause) {
    if (cause instanceof OutOfWasmMemory) {
      throw refused("frame-oversized", `there is no memory for its ${contentBytes} bytes`, cause);
    }
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
