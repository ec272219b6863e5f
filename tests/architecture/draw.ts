/**
 * Draws docs/architecture.svg from the imports of the code: `deno task draw:architecture`.
 *
 * Rooms stand on their floors. An arrow means "imports"; one that follows from others is left out (the
 * transitive reduction), so that the picture can be read.
 */
import { FLOORS, importGraph, roomOf } from "./house.ts";

const WIDTH = 1000;
const BOX = { width: 148, height: 38 };
const FLOOR_HEIGHT = 92;
const TOP = 24;

if (import.meta.main) {
  await Deno.writeTextFile(new URL("../../docs/architecture.svg", import.meta.url), drawHouse());
}

/** The picture as an SVG document; equal imports draw equal pictures. */
export function drawHouse(): string {
  const places = placeRooms();
  const arrows = [...reduced(roomGraph())].flatMap(([from, rooms]) =>
    [...rooms].sort().map((to) => arrow(places.get(from)!, places.get(to)!))
  );
  const boxes = [...places].map(([room, place]) => box(room, place));
  const height = TOP + FLOORS.length * FLOOR_HEIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>Rooms of the code by floor, and what they import</title>
<style>
  svg { background: #fff; font: 15px ui-monospace, monospace; }
  rect { fill: #eef3f8; stroke: #35506b; }
  text { fill: #14202b; text-anchor: middle; dominant-baseline: central; }
  path { fill: none; stroke: #8397ab; }
  marker path { fill: #8397ab; stroke: none; }
  @media (prefers-color-scheme: dark) {
    svg { background: #10161c; }
    rect { fill: #1b2733; stroke: #7f9cb8; }
    text { fill: #e4edf5; }
    path { stroke: #62788d; }
    marker path { fill: #62788d; stroke: none; }
  }
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>
${arrows.join("\n")}
${boxes.join("\n")}
</svg>
`;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/** The middle of each room's box; rooms of a floor are spread over its width. */
function placeRooms(): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const [floor, rooms] of FLOORS.entries()) {
    for (const [at, room] of rooms.entries()) {
      // Every second floor is shifted, so that arrows past a floor are not hidden by its boxes.
      const shift = floor % 2 === 0 ? 0 : 36;
      const x = Math.round(WIDTH * (at + 0.5) / rooms.length) + shift;
      places.set(room, { x, y: TOP + BOX.height / 2 + floor * FLOOR_HEIGHT });
    }
  }
  return places;
}

/** Which room imports which. */
function roomGraph(): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>(FLOORS.flat().map((room) => [room, new Set()]));
  for (const [file, imports] of importGraph()) {
    const from = roomOf(file)?.room;
    for (const imported of imports) {
      const to = roomOf(imported)?.room;
      if (from !== undefined && to !== undefined && from !== to) graph.get(from)?.add(to);
    }
  }
  return graph;
}

/** The graph without edges that a longer way implies. */
function reduced(graph: ReadonlyMap<string, ReadonlySet<string>>): Map<string, Set<string>> {
  const reaches = (from: string, to: string): boolean =>
    [...graph.get(from) ?? []].some((next) => next === to || reaches(next, to));
  return new Map(
    [...graph].map(([from, rooms]) => [
      from,
      new Set([...rooms].filter((to) => ![...rooms].some((by) => by !== to && reaches(by, to)))),
    ]),
  );
}

function box(room: string, { x, y }: Place): string {
  const [left, top] = [x - BOX.width / 2, y - BOX.height / 2];
  return `<rect x="${left}" y="${top}" width="${BOX.width}" height="${BOX.height}" rx="5"/>` +
    `<text x="${x}" y="${y}">${room}</text>`;
}

function arrow(from: Place, to: Place): string {
  if (from.y === to.y) {
    const side = Math.sign(to.x - from.x) * BOX.width / 2;
    return `<path d="M${from.x + side} ${from.y}H${to.x - side}" marker-end="url(#head)"/>`;
  }
  const [y1, y2] = [from.y + BOX.height / 2, to.y - BOX.height / 2];
  const bend = (y2 - y1) / 2;
  return `<path d="M${from.x} ${y1}C${from.x} ${y1 + bend} ${to.x} ${y2 - bend} ${to.x} ${y2}" ` +
    `marker-end="url(#head)"/>`;
}
