import assert from "node:assert/strict";
import { FileStore } from "../../cache/stores/fs.ts";
import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { StoreMaintenance } from "../../src/mirror/mod.ts";
import { scrubStore } from "../../src/mirror/upkeep/scrub.ts";
import { silentLog, systemClock } from "../../src/ports/mod.ts";
import { bodyOf, edgeOf, PATIENT } from "../mirror/edge_fixture.ts";
import { noise } from "../publish/memory_tree.ts";
import { LiveRepository } from "./live_repository.ts";

const BYTES = 900_000;
const RELEASES = 6;

/** What `LiveRepository` puts into its release number `n`, from 1 on. */
const programOf = (n: number): Uint8Array => noise(BYTES, n);

Deno.test("releases are published while an edge mirrors, sweeps and serves them: nothing live is lost", async () => {
  await using origin = await LiveRepository.create();
  const folder = await Deno.makeTempDir();
  try {
    await origin.release("1.1.0", BYTES);
    const store = new FileStore(folder, { layout: "sharded" });
    const upstream = origin.flags[1] as string;
    const under = await edgeOf(
      {
        root: () => Deno.readFile(origin.root),
        fetch: (request) => fetch(request.url.replace("http://origin.test/", upstream)),
      },
      { store, clock: systemClock },
      PATIENT,
    );
    await under.edge.refresh();

    let publishing = true;
    const whilePublishing = async (act: () => Promise<unknown>): Promise<number> => {
      let times = 0;
      for (; publishing; times++) {
        await act();
        await new Promise((resolve) => setTimeout(resolve, 0)); // lets the others go on
      }
      return times;
    };
    const publish = async (): Promise<void> => {
      for (let n = 2; n <= RELEASES; n++) await origin.release(`1.${n}.0`, BYTES);
      publishing = false;
    };

    let now = 0;
    let removed = 0;
    const keeper = new StoreMaintenance({
      store,
      edges: [under.edge],
      // As if its grace was over at each: the sweep itself must lose nothing.
      clock: { now: () => now += 1000 },
      log: silentLog,
    });
    const download = async (version: string, from = under): Promise<void> => {
      const response = await from.get(`/targets/hello-${version}.tar`);
      assert.equal(response.status, 200, version);
      const program = (await bodyOf(response)).slice(512, 512 + BYTES);
      assert.deepEqual(program, programOf(Number(version.split(".")[1])), `${version} is whole`);
    };
    /** What a refresh that was given up would leave. */
    const litter = async (): Promise<void> => {
      const pack = crypto.getRandomValues(new Uint8Array(1000));
      await store.put(`packs/${encodeHex(await sha256(pack))}`, pack);
    };
    const [, refreshes, sweeps, reads] = await Promise.all([
      publish(),
      whilePublishing(() => under.edge.refresh()),
      whilePublishing(async () => {
        await litter();
        removed += (await keeper.maintain({ grace: 1000 })).removed;
      }),
      whilePublishing(async () => {
        for (const { version } of under.edge.status().releases) await download(version);
      }),
    ]);
    assert.ok(refreshes > 0 && sweeps > 2 && reads > 0 && removed > 0, "all of them were at work");

    await under.edge.refresh();
    await under.edge.refresh();
    const live = under.edge.status().releases.map(({ version }) => version).sort();
    assert.deepEqual(live, Array.from({ length: RELEASES }, (_, i) => `1.${i + 1}.0`));
    assert.deepEqual(await scrubStore(store), []);
    const cutOff = await edgeOf(
      {
        root: () => Deno.readFile(origin.root),
        fetch: () => Promise.reject(new TypeError("the upstream is gone")),
      },
      { store, clock: systemClock },
      PATIENT,
    );
    for (const version of live) await download(version, cutOff);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
