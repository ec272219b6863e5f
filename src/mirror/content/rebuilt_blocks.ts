import { type HintIndex, rebuildArchive } from "../../archive/mod.ts";
import { concatBytes, encodeHex, equalBytes, sha256 } from "../../bytes/mod.ts";
import { BrecciaError } from "../../errors.ts";
import { openStoredChunk } from "../../index/mod.ts";
import { HINT_LIMITS } from "../../limits.ts";
import type { ByteRange } from "../../ports/mod.ts";
import type { BlockCache } from "./block_cache.ts";
import { SingleFlight } from "../fetch/single_flight.ts";
import { type OpenPack, readStoredChunks } from "./stored_chunks.ts";

/** Blocks kept in memory: 8 MiB of what was asked for last. */
const KEPT_BLOCKS = 32;

/** Places at which files are being made again; each holds about 2 MB. */
const KEPT_PLACES = 12;

/** A file that is being made again, up to a block. */
interface Place {
  readonly hint: HintIndex;
  readonly bytes: AsyncIterator<Uint8Array>;
  /** The block that comes next. */
  block: number;
  /** Bytes of it that are made already. */
  rest: Uint8Array;
}

/**
 * Blocks of files that are made again from chunks, each hashed before it is handed out. Deflate can't
 * begin in the midst: what precedes a block in its deflate stream must be made first. Therefore places
 * where somebody reads are kept, so that reading on costs nothing twice, and so are the blocks read last,
 * so that many who read the same are one.
 */
export class RebuiltBlocks {
  readonly #openPack: OpenPack;
  readonly #shelf: BlockCache | undefined;
  readonly #making = new SingleFlight<Uint8Array<ArrayBuffer>>();
  /** Blocks and places in order of use, the oldest first. */
  readonly #kept = new Map<string, Uint8Array<ArrayBuffer>>();
  #places: Place[] = [];

  /** Reads packs through `openPack`; keeps what takes long to make on `shelf`. */
  constructor(openPack: OpenPack, shelf?: BlockCache) {
    this.#openPack = openPack;
    this.#shelf = shelf;
  }

  /**
   * A block of the file, verified. Must not be changed.
   *
   * @throws {BrecciaError} `chunk-missing`, `chunk-mismatch` and their kin, or `storage-corrupt`, when it
   * can't be made.
   */
  async read(hint: HintIndex, block: number): Promise<Uint8Array<ArrayBuffer>> {
    const hash = hint.blocks[block];
    const length = blockLength(hint, block);
    if (hash === undefined || length <= 0) throw differs(hint);
    const name = `${encodeHex(hint.fileSha256)} ${hint.fileBytes} ${block}`;
    const kept = this.#kept.get(name) ?? await this.#making.join(name, async () => {
      const costly = isDeflated(hint, block);
      const shelved = costly ? await this.#shelf?.read(hash) : undefined;
      if (shelved?.length === length) return shelved;
      const made = await this.#make(hint, block);
      if (costly) this.#shelf?.keep(hash, made.bytes);
      this.#places.push(made.place);
      if (this.#places.length > KEPT_PLACES) await this.#places.shift()?.bytes.return?.();
      return made.bytes;
    });
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_BLOCKS) break;
      this.#kept.delete(oldest);
    }
    return kept;
  }

  /** Drops the places of a file, which may lead through packs that are damaged. */
  drop({ fileSha256 }: HintIndex): void {
    this.#places = this.#places.filter(({ hint }) => !equalBytes(hint.fileSha256, fileSha256));
  }

  async #make(
    hint: HintIndex,
    block: number,
  ): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly place: Place }> {
    const place = this.#takePlace(hint, block) ?? this.#newPlace(hint, block);
    for (;;) {
      const bytes = await nextBlock(place);
      if (!equalBytes(await sha256(bytes), hint.blocks[place.block]!)) throw differs(hint);
      if (place.block++ === block) return { bytes, place };
    }
  }

  /** The kept place of that file that is nearest before the block, unless starting anew is nearer. */
  #takePlace(hint: HintIndex, block: number): Place | undefined {
    const start = Math.floor(startOfStream(hint, block) / HINT_LIMITS.blockBytes);
    let best: Place | undefined;
    for (const place of this.#places) {
      const fits = isSameFile(place.hint, hint) && place.block <= block && place.block >= start;
      if (fits && place.block >= (best?.block ?? 0)) best = place;
    }
    this.#places = this.#places.filter((place) => place !== best);
    return best;
  }

  #newPlace(hint: HintIndex, block: number): Place {
    const read = (range: ByteRange) => this.#readContent(hint, range);
    const bytes = rebuildArchive(hint.recipe, read, block * HINT_LIMITS.blockBytes);
    return { hint, bytes: bytes[Symbol.asyncIterator](), block, rest: new Uint8Array(0) };
  }

  async *#readContent(
    { chunks, packs }: HintIndex,
    { offset, length }: ByteRange,
  ): AsyncGenerator<Uint8Array> {
    const end = offset + length;
    function* ordinals(): Generator<number> {
      for (let at = chunks.ordinalAt(offset); at < chunks.count; at++) {
        if (chunks.at(at).offset >= end) return;
        yield at;
      }
    }
    const stored = readStoredChunks({ chunks, packs }, ordinals(), this.#openPack);
    for await (const { chunk, stored: frame } of stored) {
      if (frame === undefined) {
        throw new BrecciaError(
          "chunk-missing",
          `Cannot rebuild a file: its chunk ${chunk.ordinal} is not in the store; bring the file again`,
        );
      }
      const { bytes } = await openStoredChunk(frame, chunk);
      yield bytes.subarray(
        Math.max(offset - chunk.offset, 0),
        Math.min(end - chunk.offset, chunk.length),
      );
    }
  }
}

function blockLength({ fileBytes }: HintIndex, block: number): number {
  return Math.min(HINT_LIMITS.blockBytes, fileBytes - block * HINT_LIMITS.blockBytes);
}

function isSameFile(a: HintIndex, b: HintIndex): boolean {
  return a.fileBytes === b.fileBytes && equalBytes(a.fileSha256, b.fileSha256);
}

/** Whether any byte of the block is deflated: then making it takes time. */
function isDeflated({ recipe }: HintIndex, block: number): boolean {
  const first = block * HINT_LIMITS.blockBytes;
  let start = 0;
  for (const { kind, bytes } of recipe.steps) {
    if (start >= first + HINT_LIMITS.blockBytes) return false;
    if (kind === "deflate" && start + bytes > first) return true;
    start += bytes;
  }
  return false;
}

/** Where the deflate stream that holds the block's first byte begins in the file; the byte itself in a copy. */
function startOfStream({ recipe }: HintIndex, block: number): number {
  const offset = block * HINT_LIMITS.blockBytes;
  let start = 0;
  for (const { kind, bytes } of recipe.steps) {
    if (offset < start + bytes) return kind === "copy" ? offset : start;
    start += bytes;
  }
  return offset;
}

async function nextBlock(place: Place): Promise<Uint8Array<ArrayBuffer>> {
  const { hint } = place;
  const wanted = blockLength(hint, place.block);
  const parts = [place.rest];
  let bytes = place.rest.length;
  while (bytes < wanted) {
    const { done, value } = await place.bytes.next();
    if (done) throw differs(hint);
    parts.push(value);
    bytes += value.length;
  }
  const whole = concatBytes(parts);
  place.rest = whole.slice(wanted);
  return whole.slice(0, wanted);
}

function differs({ fileSha256 }: HintIndex): BrecciaError {
  return new BrecciaError(
    "storage-corrupt",
    `Cannot rebuild ${
      encodeHex(fileSha256).slice(0, 16)
    }… from the store: what comes out is another ` +
      `file; bring it again`,
  );
}
