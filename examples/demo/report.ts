/** One row of the demo's table: a move of a device from nothing or one release to another. */
export interface Move {
  readonly name: string;
  /** Length of the release as an archive, in bytes. */
  readonly archive: number;
  /** All its chunks as they are stored: what a device with nothing fetches. */
  readonly full: number;
  /** Chunks that the device lacks, as they are stored: what would travel without deltas. */
  readonly chunks: number;
  /** Body bytes received in all, metadata and index included. */
  readonly transferred: number;
  readonly requests: number;
  readonly seconds: number;
}

const COLUMNS: readonly (readonly [title: string, cell: (move: Move) => string])[] = [
  ["", (move) => move.name],
  ["archive", (move) => grouped(move.archive)],
  ["full, zstd", (move) => grouped(move.full)],
  ["chunks", (move) => grouped(move.chunks)],
  ["transferred", (move) => grouped(move.transferred)],
  ["requests", (move) => String(move.requests)],
  ["seconds", (move) => move.seconds.toFixed(1)],
];

/** The demo's table, at most 80 columns wide. Sizes in bytes. */
export function formatMoves(moves: readonly Move[]): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...moves.map((move) => COLUMNS.map(([, cell]) => cell(move))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    ).join("  ")
  ).join("\n");
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
