import { STREAM_NAMES } from "./head.ts";
import type { PartCost } from "./part_cost.ts";

const KINDS = ["matches", ...STREAM_NAMES] as const;
type Kind = typeof KINDS[number];

/** One letter and one colour for each kind of byte; the colours stay apart for the colour-blind. */
const MARKS: Readonly<Record<Kind, { letter: string; colour: string }>> = {
  matches: { letter: "m", colour: "#332288" },
  run: { letter: "r", colour: "#88ccee" },
  byte: { letter: "b", colour: "#44aa99" },
  reference: { letter: "f", colour: "#117733" },
  word: { letter: "w", colour: "#ddcc77" },
  literal: { letter: "l", colour: "#cc6677" },
};

function bytesOf(part: PartCost, kind: Kind): number {
  return kind === "matches" ? part.matches : part.streams[kind];
}

/** Longer names lose their beginning. */
const NAME_COLUMNS = 36;

/** Draws what parts cost as bars of letters, with a legend, in lines of at most `columns` letters. */
export function drawText(parts: readonly PartCost[], columns = 80): string {
  const most = Math.max(1, ...parts.map(({ total }) => total));
  const width = Math.min(NAME_COLUMNS, Math.max(4, ...parts.map(({ name }) => name.length)));
  const scale = (columns - width - 13) / most;
  const lines = parts.map((part) => {
    const name = part.name.length > width ? `…${part.name.slice(1 - width)}` : part.name;
    const count = String(Math.round(part.total)).padStart(10);
    let bar = "";
    let bytes = 0;
    for (const kind of KINDS) {
      bytes += bytesOf(part, kind);
      bar = bar.padEnd(Math.round(bytes * scale), MARKS[kind].letter);
    }
    return `${name.padEnd(width)} ${count}  ${bar}`.trimEnd();
  });
  const legend = KINDS.map((kind) => `${MARKS[kind].letter} ${kind}`).join("  ");
  return [...lines, "", `${legend}  (bytes as stored)`].join("\n") + "\n";
}

const ROW = 22;
const LABEL = 260;
const BAR = 560;

/** Draws what parts cost as an SVG document that needs no script, font or style sheet. */
export function drawSvg(parts: readonly PartCost[], title: string): string {
  const most = Math.max(1, ...parts.map(({ total }) => total));
  const height = ROW * (parts.length + 3);
  const rows = parts.map((part, i) => {
    const y = ROW * (i + 1);
    let x = LABEL;
    const bars = KINDS.map((kind) => {
      const bytes = bytesOf(part, kind);
      const length = (bytes / most) * BAR;
      const bar = `<rect x="${x.toFixed(1)}" y="${y + 3}" width="${length.toFixed(1)}" height="${
        ROW - 6
      }" fill="${MARKS[kind].colour}"><title>${kind}: ${Math.round(bytes)} bytes</title></rect>`;
      x += length;
      return bar;
    });
    const label = `${part.name}: ${Math.round(part.total)}`;
    return `<text x="4" y="${y + 15}">${escapeXml(label)}</text>${bars.join("")}`;
  });
  const legend = KINDS.map((kind, i) => {
    const x = 4 + 130 * i;
    const y = ROW * (parts.length + 2);
    return `<rect x="${x}" y="${y}" width="12" height="12" fill="${MARKS[kind].colour}"/>` +
      `<text x="${x + 18}" y="${y + 11}">${kind}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LABEL + BAR + 20}" height="${height}" ` +
    `font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escapeXml(title)}</title><rect width="100%" height="100%" fill="white"/>`,
    `<text x="4" y="15" font-weight="bold">${escapeXml(title)}</text>`,
    ...rows,
    ...legend,
    "</svg>\n",
  ].join("\n");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
