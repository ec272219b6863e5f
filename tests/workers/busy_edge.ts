import { addRelease } from "../../src/publish/mod.ts";
import { measureStore } from "../../src/mirror/mod.ts";
import { silentLog } from "../../src/ports/mod.ts";
import { createApp, type EdgeApp, Traffic } from "../../workers/http/app.ts";
import { edgeOf, type EdgeUnderTest, Origin } from "../mirror/edge_fixture.ts";
import { MemoryTree, noise } from "../publish/memory_tree.ts";
import { clock } from "../publish/repository_fixture.ts";

/** An edge with a history: releases with deltas between them, and an hour of answers. */
export interface BusyEdge extends EdgeUnderTest {
  readonly origin: Origin;
  readonly app: EdgeApp;
  /** Asks it. */
  readonly ask: (path: string) => Promise<Response>;
}

/** Opens one. What it shows is the same each time. */
export async function busyEdge(
  { name, onDemand = false, measured = true }: {
    readonly name?: string;
    readonly onDemand?: boolean;
    readonly measured?: boolean;
  } = {},
): Promise<BusyEdge> {
  const origin = await Origin.create();
  const program = noise(400_000, 1);
  const assets = noise(2_000_000, 2);
  for (const [number, version] of ["1.0.0", "1.1.0", "1.2.0", "2.0.0"].entries()) {
    const changed = program.slice();
    for (let at = number; at < changed.length; at += 5000) changed[at]! ^= 0x33;
    assets.set(noise(60_000, 9 + number), 700_000 * number % 1_900_000);
    const tree = new MemoryTree({ "bin/app": changed, "share/assets": assets.slice() });
    await addRelease(origin.store, { version, tree }, { deltas: { count: 1 } });
    await origin.publish();
  }
  const under = await edgeOf(origin, { onDemand, ...(name && { name }) });
  await under.edge.refresh();
  let now = clock.now() - 60 * 60_000;
  const traffic = new Traffic({ now: () => now });
  countAnHour(traffic, () => now += 60_000);
  const size = measured ? await measureStore(under.store, now - 40_000) : null;
  const app = createApp({
    edge: under.edge,
    log: silentLog,
    clock,
    traffic,
    storeSize: () => size,
  });
  const ask = async (path: string) => await app.fetch(new Request(`http://edge.test${path}`));
  const [pack] = await Array.fromAsync(under.store.list("packs/"));
  for (let times = 0; times < 40; times++) {
    if (pack !== undefined) await (await ask(`/${pack.key}`)).body?.cancel();
  }
  if (!onDemand) await under.edge.served?.novelties();
  return { ...under, origin, app, ask };
}

/** A day's rush, and an upstream that failed for some minutes. */
function countAnHour(traffic: Traffic, nextMinute: () => void): void {
  const bytes = noise(60 * 128 * 4, 7);
  let at = 0;
  const random = () => bytes[at++ % bytes.length]! / 256;
  for (let minute = 0; minute < 60; minute++) {
    nextMinute();
    const busy = 40 + 50 * Math.sin(minute / 9) ** 2;
    for (let answer = 0; answer < busy + 12 * random(); answer++) {
      const route = ["packs", "metadata", "chunks", "targets"][Math.floor(4 * random())]!;
      const failed = minute > 34 && minute < 41 && random() < 0.3;
      traffic.count(route, failed ? 502 : 200, 0.004);
      if (!failed) traffic.sent(route, route === "metadata" ? 900 : 65_536);
    }
  }
}
