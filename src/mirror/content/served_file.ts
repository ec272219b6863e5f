import type { ByteRange } from "../../ports/mod.ts";

/** A verified file as it can be served. */
export interface ServedFile {
  /** Length in bytes. */
  readonly size: number;
  /** Names the content: equal tags mean equal bytes. */
  readonly etag: string;
  /** The bytes of `range`, which lies inside the file, in order. */
  read(range: ByteRange, signal?: AbortSignal): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** The same file compressed, where it is stored so. */
  readonly zstd?: CodedForm;
}

/** A file under a content coding, whole: what is compressed has no ranges. */
export interface CodedForm {
  /** Length in bytes, shorter than the file. */
  readonly size: number;
  /** Names these bytes: another packing of the same file has another tag. */
  readonly etag: string;
  /** All of it, in order. */
  read(signal?: AbortSignal): AsyncIterable<Uint8Array<ArrayBuffer>>;
}
