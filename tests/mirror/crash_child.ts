/** Mirrors once into a directory, and kills itself as `kill -9` does at one of its writes. */
import { FileStore } from "../../cache/stores/fs.ts";
import { Edge, Upstream } from "../../src/mirror/mod.ts";
import { silentLog } from "../../src/ports/mod.ts";
import { HttpClient, MirrorSet } from "../../src/transport/mod.ts";
import { clock } from "../publish/repository_fixture.ts";

const [upstream, root, folder, lastWrite] = Deno.args as [string, string, string, string];
let writes = 0;

/** Dies in the midst of the write that it was told: the bytes are under way to the disk. */
class DyingStore extends FileStore {
  override put(...args: Parameters<FileStore["put"]>): Promise<string> {
    const writing = super.put(...args);
    if (++writes === Number(lastWrite)) {
      queueMicrotask(() => Deno.kill(Deno.pid, "SIGKILL"));
    }
    return writing;
  }
}

const edge = await Edge.open({
  store: new DyingStore(folder),
  upstream: new Upstream(new MirrorSet([upstream], new HttpClient({ fetch }))),
  trustedRoot: await Deno.readFile(root),
  clock,
  log: silentLog,
});
await edge.refresh();
