/**
 * Every bound on what comes from outside, in one place. Each says which attack it stops; none is
 * ever "handled" by truncating: crossing one is an error.
 *
 * @module
 */

const KiB = 1024;
const MiB = 1024 * KiB;

/** Bounds on TUF metadata, in bytes unless the name says otherwise. Defaults; callers may lower them. */
export const METADATA_LIMITS = {
  /** Stops endless data where nothing signed gives a length: root and timestamp. */
  rootBytes: 512 * KiB,
  timestampBytes: 16 * KiB,
  /** Used where the signed parent gives no length for snapshot or targets. */
  snapshotBytes: 16 * MiB,
  targetsBytes: 64 * MiB,
  /** Stops a repository that rotates its root for ever. */
  rootRotations: 1024,
  /** Stops a delegation graph that never ends. */
  delegationVisits: 256,
  /** Length of a delegation's pattern, and of a path that any matches, in UTF-16 units. */
  pathPattern: 1024,
  targetPath: 4096,
  /** Characters compared for one team in a walk over all targets: stops patterns made to stall. */
  walkSteps: 64_000_000,
  /** Length of a role's file name, which file systems bound at 255 bytes, with a version before it. */
  roleFileName: 200,
  /** Keys that one role may name: each that signed garbage costs a verification. */
  roleKeys: 128,
  /** Signatures of one file: room for a ceremony's, and for keys that are on their way out. */
  signatures: 512,
  /** Keys that one file may list: each is parsed. */
  keys: 16_384,
  /** Stops stack exhaustion by nested JSON. */
  jsonDepth: 64,
} as const;

/** Bounds on chunks, packs and zstd frames, in bytes. */
export const CONTENT_LIMITS = {
  /** No chunk is longer, before or after decompression: stops zip bombs chunk by chunk. */
  chunkBytes: 1 * MiB,
  /** A stored chunk may exceed its plain length by no more than this. */
  frameOverheadBytes: 64,
  /** A pack is fetched, verified and stored whole at an edge: stops memory exhaustion there. */
  packBytes: 16 * MiB,
  /** A target that is held in memory whole is refused above this: an index has bounds of its own. */
  wholeTargetBytes: 256 * MiB,
  /** A zstd window larger than this is refused before decoding. */
  zstdWindowBytes: 8 * MiB,
} as const;

/** Bounds on release indexes. */
export const INDEX_LIMITS = {
  /** The stored (compressed) index. */
  bytes: 64 * MiB,
  /** Its tables after decompression. */
  tableBytes: 256 * MiB,
  /** They are at most this many times as long as stored, and the slack: stops bombs of 1.5 KB. */
  tableExpansion: 64,
  tableSlackBytes: 1 * MiB,
  files: 1_000_000,
  chunks: 8_000_000,
  packs: 1_000_000,
  deltas: 64,
  pathBytes: 4096,
  /** All paths of a tree, which tables hold as what differs from the path before. */
  treePathBytes: 64 * MiB,
  /** They are at most this many times as long as the tables, and the slack: stops 700,000 paths of 4 KiB. */
  pathExpansion: 16,
  pathSlackBytes: 1 * MiB,
  /** Names in a path: stops trees so deep that walking them is quadratic. */
  depth: 128,
  /** The longest release stream: 1 TiB. */
  streamBytes: 1024 * 1024 * MiB,
} as const;

/** Bounds on one `POST /chunks` (docs/formats/chunk-exchange.md). */
export const EXCHANGE_LIMITS = {
  /** Chunks that a client asks for at once: the answer is streamed, so this bounds what is lost with it. */
  chunks: 8192,
  /** Indexes whose chunks a client says that it has: each is looked up, and may have to be fetched. */
  heldIndexes: 16,
  /** Other chunks that it says it has, named by 8 bytes each. */
  prefixes: 100_000,
} as const;

/** Bounds on compressing with dictionaries that clients name (RFC 9842). */
export const DICTIONARY_LIMITS = {
  /** Dictionary or file, in bytes: what is alike is no further apart than the window, and it takes 0.2 s. */
  bytes: 3 * MiB,
  /** Forms made in an hour, and waited for at once: clients choose the pairs. */
  formsInAnHour: 100,
  formsAtOnce: 8,
} as const;

/** Bounds on HTTP exchanges. */
export const TRANSPORT_LIMITS = {
  /** No byte for this long, in milliseconds: stops slow-loris and hanging servers. */
  idleMilliseconds: 30_000,
  /** From request to response headers, in milliseconds. */
  headerMilliseconds: 30_000,
  /** Slowest body that is waited for, in bytes per second: stops servers that trickle for days. */
  paceBytesPerSecond: 512,
  /** Redirects that are followed in a row. */
  redirects: 5,
} as const;

/** Bounds on trying again what a server failed to answer. */
export const RETRY_LIMITS = {
  /** Of one request, the first included. */
  tries: 4,
  /** Wait before the second try in milliseconds, about; it doubles. */
  firstMilliseconds: 500,
  /** Waits of one request altogether, in milliseconds: who waits for it gives up after 30 s. */
  waitMilliseconds: 20_000,
} as const;

/** Bounds on deltas, which are never trusted (docs/formats/delta.md). */
export const DELTA_LIMITS = {
  /** Old or new file. Keeps every offset, and the sum of both sizes, an unsigned 32-bit number. */
  sideBytes: 2 ** 31 - 1,
  /** The head is read whole before anything is decoded. */
  headBytes: 64 * MiB,
  /** A decoder holds one segment and the old bytes that it resembles. */
  segmentBytes: 8 * MiB,
  segments: 65_536,
  /** A decoder keeps about 30 bytes for each. */
  matches: 2_097_152,
  /** Image tables after decompression: stops a small delta that unpacks to millions of rows. */
  imageTableBytes: 1 * MiB,
  /** Program images on each side. */
  images: 4096,
  /** Load segments, executable ranges or hint tables of one image: each look-up may walk them. */
  imageRows: 256,
} as const;

/** Bounds on opening archives, and on recipes for making them again (docs/formats/archive-recipe.md). */
export const ARCHIVE_LIMITS = {
  /** Stops zip bombs: content of one deflate stream is at most this many times its length, and the slack. */
  expansion: 64,
  slackBytes: 16 * MiB,
  /** Stretches of one archive: a zip of half a million members. */
  steps: 1_048_576,
  /** Different settings in one archive. */
  settings: 64,
  /**
   * What opening a whole archive may cost, in bytes that are deflated: for each byte of it, and the slack. Past
   * that the rest is stored as it is: stops 9 KB that took 10 s.
   */
  workPerByte: 128,
  workSlackBytes: 32 * MiB,
  /** The same in time: bytes of the archive per millisecond, and the slack. Stops what deflates slowly. */
  bytesPerMillisecond: 250,
  slackMilliseconds: 5_000,
  /** Members of a zip in a row whose settings were not found, until no more are tried. */
  failures: 16,
} as const;

/** Bounds on hint indexes, which are never trusted (docs/formats/hint-index.md). */
export const HINT_LIMITS = {
  /** As stored. */
  bytes: 64 * MiB,
  /** Its tables after decompression. */
  tableBytes: 128 * MiB,
  /** Bytes of the file that are hashed, and made again, together. */
  blockBytes: 256 * KiB,
  /** Content that may be deflated for each byte that does not travel, and the slack: stops a hint of 120 bytes for 80 MB. */
  workPerSavedByte: 64,
  workSlackBytes: 8 * MiB,
  /** Saved bytes that a millisecond of deflating must be worth, and the slack: stops content that deflates slowly. */
  savedBytesPerMillisecond: 250,
  slackMilliseconds: 2_000,
} as const;

/** Bounds on what a publisher looks for in a build. */
export const PUBLISH_LIMITS = {
  /** Files up to this length are searched for private keys: a key is never longer, and most files are not read twice. */
  secretBytes: 64 * KiB,
} as const;
