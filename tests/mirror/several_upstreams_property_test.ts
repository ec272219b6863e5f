import assert from "node:assert/strict";
import fc from "fast-check";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { StoreMaintenance } from "../../src/mirror/mod.ts";
import { silentLog } from "../../src/ports/mod.ts";
import { noise } from "../publish/memory_tree.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { bodyOf, edgeOf, type EdgeUnderTest } from "./edge_fixture.ts";
import { ForeignOrigin } from "./foreign_fixture.ts";

const HOUR = 3_600_000;

const LARGE = noise(300_000, 2) as Uint8Array<ArrayBuffer>;

/** What is published: some of it small, some stored as chunks, which two share. */
const CONTENTS = [
  noise(900, 0) as Uint8Array<ArrayBuffer>,
  noise(900, 1) as Uint8Array<ArrayBuffer>,
  LARGE,
  LARGE.with(5, LARGE[5]! ^ 1),
];

const LIES = {
  gone: () => Promise.reject<Response>(new TypeError("connection refused")),
  html: () => new Response("<html>"),
  "damaged content": (path: string) =>
    path.startsWith("targets/") ? new Response(new Uint8Array(900)) : undefined,
  "damaged metadata": (path: string) =>
    /snapshot|targets\.json/.test(path) ? new Response("{}") : undefined,
  none: () => undefined,
} as const;

/** One of two upstreams, with what it has published and what the edge must serve of it. */
class Player {
  readonly name: string;
  readonly origin: ForeignOrigin;
  edge!: EdgeUnderTest;
  readonly published = new Map<string, number>();
  /** By target path: what was published when the edge last succeeded. */
  served: ReadonlyMap<string, number> | undefined;

  constructor(name: string, origin: ForeignOrigin) {
    this.name = name;
    this.origin = origin;
    origin.lie = LIES.none;
  }

  async publish(path: string, content: number): Promise<void> {
    await this.origin.publish({ [path]: CONTENTS[content]! });
    this.published.set(path, content);
  }

  async refresh(): Promise<void> {
    const published = new Map(this.published);
    await this.edge.edge.refresh().then(() => this.served = published, (error) => {
      assert.notEqual(this.origin.lie, LIES.none, `an honest upstream was refused: ${error}`);
    });
  }

  /** Everything that was verified is served, without its upstream, and nothing else is. */
  async check(paths: readonly string[]): Promise<void> {
    const { lie } = this.origin;
    this.origin.lie = LIES.gone;
    for (const path of paths) {
      const content = this.served?.get(path);
      const response = await this.edge.get(`/targets/${path}`);
      assert.equal(response.status, content === undefined ? 404 : 200, `${this.name}: ${path}`);
      const body = await bodyOf(response);
      if (content !== undefined) assert.deepEqual(body, CONTENTS[content], `${this.name}: ${path}`);
    }
    this.origin.lie = lie;
  }
}

type Move = (site: Site) => Promise<void>;

/** A store with two upstreams, which is checked once in an hour. */
class Site {
  readonly players: readonly [Player, Player];
  readonly store = new MemoryStore();
  hour = 0;
  readonly clock = { now: (): number => NOW + this.hour * HOUR };

  constructor(players: readonly [Player, Player]) {
    this.players = players;
  }

  static async open(): Promise<Site> {
    const [a, b] = [await ForeignOrigin.create({}), await ForeignOrigin.create({})];
    const site = new Site([new Player("a", a), new Player("b", b)]);
    await site.restart();
    return site;
  }

  async restart(): Promise<void> {
    const { store, clock } = this;
    for (const player of this.players) {
      player.edge = await edgeOf(player.origin, { store, clock, name: player.name });
    }
  }

  async maintain(): Promise<void> {
    const edges = this.players.map(({ edge }) => edge.edge);
    const published = this.players.map((player) => new Map(player.published));
    const before = edges.map((edge) => edge.served);
    this.hour++;
    await new StoreMaintenance({ store: this.store, edges, clock: this.clock, log: silentLog })
      .maintain({ grace: HOUR });
    // Damage would have been mended by a refresh, which brings news too.
    for (const [at, player] of this.players.entries()) {
      if (edges[at]!.served !== before[at]) player.served = published[at];
    }
  }
}

const upstream = fc.nat(1);
const PATHS = ["p", "q"];

/** Paths of each upstream that the other one does not have, too. */
const pathOf = (at: number, path: string) => `${"ab"[at]}/${path}`;

/** Something that happens, and what to call it. */
type Happening = readonly [text: string, move: Move];

const publishes = fc.tuple(upstream, fc.constantFrom(...PATHS), fc.nat(3))
  .map(([at, path, content]): Happening => [
    `${"ab"[at]} publishes ${content} as ${path}`,
    (site) => site.players[at]!.publish(pathOf(at, path), content),
  ]);

const refreshes = upstream.map((at): Happening => [
  `refresh ${"ab"[at]}`,
  (site) => site.players[at]!.refresh(),
]);

const lies = fc.tuple(upstream, fc.constantFrom(...Object.entries(LIES)))
  .map(([at, [name, lie]]): Happening => [
    `${"ab"[at]}: ${name}`,
    (site) => Promise.resolve(void (site.players[at]!.origin.lie = lie)),
  ]);

const others = fc.constantFrom<Happening>(
  ["a check of the store", (site) => site.maintain()],
  ["restart", (site) => site.restart()],
);

const happenings = fc.oneof(publishes, refreshes, refreshes, lies, others);

Deno.test("whatever two upstreams of one store do, each is served as it was last verified, and alone", async () => {
  const all = [0, 1].flatMap((at) => PATHS.map((path) => pathOf(at, path)));
  await fc.assert(
    fc.asyncProperty(
      fc.array(happenings, { minLength: 20, maxLength: 40 }),
      async (story) => {
        const site = await Site.open();
        const told: string[] = [];
        for (const [text, move] of story) {
          told.push(text);
          await move(site);
          for (const player of site.players) {
            await player.check(all).catch((error) => {
              throw new Error(`after ${told.join(", ")}`, { cause: error });
            });
          }
        }
      },
    ),
    { numRuns: 40 },
  );
});
