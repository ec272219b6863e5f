/** One edge process for bench/edge.ts: serves a store that is mirrored already, on a shared port. */
import { FileStore } from "../cache/fs.ts";
import { Edge, Upstream } from "../src/mirror/mod.ts";
import { silentLog } from "../src/ports/mod.ts";
import { HttpClient, MirrorSet } from "../src/transport/mod.ts";
import { clock } from "../tests/publish/repository_fixture.ts";
import { createApp } from "../workers/app.ts";

const [folder, root, port] = Deno.args as [string, string, string];
const edge = await Edge.open({
  store: new FileStore(folder),
  upstream: new Upstream(new MirrorSet(["http://127.0.0.1:9/"], new HttpClient({ fetch }))),
  trustedRoot: await Deno.readFile(root),
  clock,
  log: silentLog,
});
const app = createApp({ edge, log: silentLog });
Deno.serve(
  { port: Number(port), hostname: "127.0.0.1", reusePort: true, onListen: () => {} },
  app.fetch,
);
