import { BrecciaError } from "../errors.ts";
import { CONTENT_LIMITS } from "../limits.ts";
import { readFrameHeader } from "./frame_header.ts";
import { zstdBinary } from "./zstd_binary.ts";
import { OutOfWasmMemory, ZstdModule } from "./zstd_module.ts";

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

let loading: Promise<Zstd> | undefined;

/**
 * Loads the WebAssembly module once; later calls return the same instance. A load that failed is tried again by
 * the next call.
 *
 * @throws {BrecciaError} `wrong-state` when WebAssembly is not to be had: missing, or forbidden by a
 * Content-Security-Policy without `'wasm-unsafe-eval'`.
 */
export function loadZstd(): Promise<Zstd> {
  return loadOnce(async () => await WebAssembly.compile(await zstdBinary()));
}

/**
 * Loads zstd from a module that was compiled before, for runtimes that compile none from bytes
 * (workerd), and for pages that bring their own. Must be called before {@linkcode loadZstd}, which then
 * returns the same instance.
 *
 * @throws {BrecciaError} `wrong-state` when it is not the module of `@bokuweb/zstd-wasm` 0.0.27.
 */
export function loadCompiledZstd(compiled: WebAssembly.Module): Promise<Zstd> {
  return loadOnce(() => Promise.resolve(compiled));
}

function loadOnce(compile: () => Promise<WebAssembly.Module>): Promise<Zstd> {
  loading ??= compile().then((module) => ZstdModule.start(module)).then(guarded, (cause) => {
    loading = undefined;
    throw new BrecciaError(
      "wrong-state",
      `Cannot start zstd: its WebAssembly can't be loaded here (${
        cause instanceof Error ? cause.message : String(cause)
      }); allow it, or hand it over with loadCompiledZstd`,
      { cause },
    );
  });
  return loading;
}

/** What is asked of `module`, bounded. */
function guarded(module: ZstdModule): Zstd {
  return {
    compress: (bytes, level) => withMemory(bytes, level, () => module.compress(bytes, level)),
    compressWith: (dictionary, bytes, level) => {
      refuseTrained(dictionary);
      return withMemory(bytes, level, () => module.compressWith(dictionary, bytes, level));
    },
    decompress: (frame, contentBytes) => decompress(module, frame, contentBytes),
  };
}

function refuseTrained(dictionary: Uint8Array): void {
  const view = new DataView(dictionary.buffer, dictionary.byteOffset, dictionary.byteLength);
  if (dictionary.length >= 4 && view.getUint32(0, true) === TRAINED_MAGIC) {
    throw new BrecciaError(
      "frame-malformed",
      "Cannot compress with a dictionary that begins as a trained one does; use none",
    );
  }
}

function withMemory(
  bytes: Uint8Array,
  level: number,
  work: () => Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  try {
    return work();
  } catch (cause) {
    throw new BrecciaError(
      "frame-oversized",
      `Cannot compress ${bytes.length} bytes at zstd level ${level}: this machine has no memory for it; ` +
        `lower the level or free memory`,
      { cause },
    );
  }
}

function decompress(
  module: ZstdModule,
  frame: Uint8Array,
  contentBytes: number,
): Uint8Array<ArrayBuffer> {
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
  let content: Uint8Array<ArrayBuffer>;
  try {
    content = module.decompress(frame, contentBytes);
  } catch (cause) {
    if (cause instanceof OutOfWasmMemory) {
      throw refused("frame-oversized", `there is no memory for its ${contentBytes} bytes`, cause);
    }
    throw refused("frame-malformed", "its body is broken", cause);
  }
  if (content.length !== contentBytes) {
    throw refused("frame-malformed", `it holds ${content.length} bytes, not ${contentBytes}`);
  }
  return content;
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
