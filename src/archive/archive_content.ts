import type { ByteSource } from "./byte_source.ts";
import { peekDescriptor, peekGzip, peekZip } from "./headers.ts";

/** The trailer of a gzip member: CRC and length. */
const GZIP_TRAILER_BYTES = 8;

/** Takes the parts of an archive from its source, as they come, and says what content they are. */
export interface ArchiveReader {
  /** The next `bytes` as they are, or all that is left. */
  copy(bytes: number): AsyncGenerator<Uint8Array>;
  /** One deflate stream; false when it does not end as such a stream does. */
  deflated(): AsyncGenerator<Uint8Array, boolean>;
  /** False once the bounds of archives are reached: the rest is copied. */
  hasRoom(): boolean;
}

/**
 * The content of a file that `reader` takes from `source`: of a gzip file its members, one after another
 * (RFC 1952, section 2.2); of a zip archive its members as far as local headers follow one another; and
 * what is behind them, or is neither, as it is.
 */
export async function* archiveContent(
  source: ByteSource,
  reader: ArchiveReader,
): AsyncGenerator<Uint8Array> {
  if (await peekGzip(source) !== undefined) yield* gzipMembers(source, reader);
  else yield* zipMembers(source, reader);
  yield* reader.copy(Infinity);
}

async function* gzipMembers(
  source: ByteSource,
  reader: ArchiveReader,
): AsyncGenerator<Uint8Array> {
  for (let header; (header = await peekGzip(source)) && reader.hasRoom();) {
    yield* reader.copy(header.bytes);
    if (!(yield* reader.deflated())) return;
    yield* reader.copy(GZIP_TRAILER_BYTES);
  }
}

async function* zipMembers(
  source: ByteSource,
  reader: ArchiveReader,
): AsyncGenerator<Uint8Array> {
  for (let header; (header = await peekZip(source)) && reader.hasRoom();) {
    yield* reader.copy(header.bytes);
    if (header.data !== "deflate") {
      yield* reader.copy(header.data);
      continue;
    }
    if (!(yield* reader.deflated())) return;
    if (header.descriptor) yield* reader.copy(await peekDescriptor(source));
  }
}
