/** Looks after the store of an edge once, with no grace: scrubs, mends and sweeps it. */
import { FileStore } from "../../cache/stores/fs.ts";
import { Edge, StoreMaintenance, Upstream } from "../../src/mirror/mod.ts";
import { silentLog, systemClock } from "../../src/ports/mod.ts";
import { HttpClient, MirrorSet } from "../../src/transport/mod.ts";

const [upstream, root, folder] = Deno.args as [string, string, string];
const store = new FileStore(folder);
const edge = await Edge.open({
  store,
  upstream: new Upstream(new MirrorSet([upstream], new HttpClient({ fetch }))),
  trustedRoot: await Deno.readFile(root),
  clock: systemClock,
  log: silentLog,
});
await new StoreMaintenance({ store, edges: [edge], clock: systemClock, log: silentLog })
  .maintain({ grace: 0 });
