import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { addRelease } from "../../src/publish/mod.ts";
import { Origin } from "../mirror/edge_fixture.ts";
import { MemoryTree, noise } from "../publish/memory_tree.ts";
import { SimulatedRepository } from "../simulator/repository.ts";

/** An upstream, and everything that a client may ask an edge of it for. */
export interface PopulatedRepository {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly root: () => Promise<Uint8Array>;
  /** Paths on an edge. */
  readonly paths: readonly string[];
}

/** Two releases of our own with packs, indexes, archives and a delta between them. */
export async function releasesWithDelta(): Promise<PopulatedRepository> {
  const origin = await Origin.create();
  const program = noise(400_000, 21);
  // Compressible, so that archives have a compressed form.
  program.fill(7, 100_000, 150_000);
  await origin.release("1.0.0", { program });
  const next = program.slice();
  for (let at = 1; at < next.length; at += 5000) next[at]! ^= 0x33;
  const tree = new MemoryTree({ program: next });
  await addRelease(origin.store, { version: "1.1.0", tree }, { deltas: { count: 1 } });
  await origin.publish();
  const keys = (await Array.fromAsync(origin.store.list(""))).map(({ key }) => key);
  const served = /^(?:packs|deltas|targets|metadata)\//;
  const archives = ["targets/hello-1.0.0.tar", "targets/hello-1.1.0.tar"];
  const root = () => origin.root();
  const current = keys.filter((key) => served.test(key) && !/^metadata\/[12]\.(?!root)/.test(key));
  return { fetch: origin.fetch, root, paths: [...current, ...archives].map((key) => `/${key}`) };
}

/** A foreign repository whose one target is large. */
export async function longTarget(): Promise<PopulatedRepository> {
  const repository = await SimulatedRepository.create();
  const content = noise(17 * 1024 * 1024, 9);
  content.fill(7, 0, 1024 * 1024);
  await repository.addTarget("disk.img", content);
  await repository.publishRoot();
  await repository.publish();
  const served = new Map<string, Uint8Array>();
  for (const [name, bytes] of repository.served) served.set(`/metadata/${name}`, bytes);
  served.set(`/targets/${encodeHex(await sha256(content))}.disk.img`, content);
  return {
    root: () => Promise.resolve(served.get("/metadata/1.root.json") as Uint8Array),
    paths: [...served.keys()],
    fetch: (request) => {
      const bytes = served.get(new URL(request.url).pathname) as
        | Uint8Array<ArrayBuffer>
        | undefined;
      return Promise.resolve(
        bytes ? new Response(bytes.slice()) : new Response(null, { status: 404 }),
      );
    },
  };
}
