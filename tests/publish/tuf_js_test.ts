import assert from "node:assert/strict";
import { Updater } from "tuf-js";
import {
  addRelease,
  changeKeys,
  initRepository,
  publishRepository,
} from "../../src/publish/mod.ts";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { Ed25519Signer } from "../../src/tuf/mod.ts";
import { MemoryTree } from "./memory_tree.ts";
import { CONFIG, keyRing, roleSigners } from "./repository_fixture.ts";

Deno.test("tuf-js, from the first root, follows a rotation and downloads what was published", async () => {
  const store = new MemoryStore();
  const signers = await roleSigners();
  await initRepository(store, { config: CONFIG, signers, thresholds: new Map(), now: Date.now() });
  const notes = new TextEncoder().encode("# New\n");
  await addRelease(store, { version: "1.0.0+b.1", tree: new MemoryTree({ a: "1" }), notes });
  const clock = { now: () => Date.now() };
  await publishRepository(store, { keys: keyRing(signers), clock });
  const next = await Ed25519Signer.generate();
  await changeKeys(store, { role: "snapshot", add: [next.key], revoke: "all" }, Date.now());
  signers.set("snapshot", [...signers.get("snapshot") ?? [], next]);
  await publishRepository(store, { keys: keyRing(signers), clock });

  const folder = await Deno.makeTempDir();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const object = await store.get(decodeURIComponent(new URL(request.url).pathname.slice(1)));
      return object === undefined
        ? new Response(null, { status: 404 })
        : new Response(object.bytes);
    },
  );
  try {
    for (const name of ["metadata", "downloads"]) await Deno.mkdir(`${folder}/${name}`);
    const root = (await store.get("metadata/1.root.json"))?.bytes as Uint8Array;
    await Deno.writeFile(`${folder}/metadata/root.json`, root);
    const base = `http://127.0.0.1:${server.addr.port}`;
    const updater = new Updater({
      metadataDir: `${folder}/metadata`,
      metadataBaseUrl: `${base}/metadata`,
      targetDir: `${folder}/downloads`,
      targetBaseUrl: `${base}/targets`,
    });
    await updater.refresh();
    for (const path of ["hello-1.0.0_b.1.index", "hello-1.0.0_b.1.notes.md"]) {
      const target = await updater.getTargetInfo(path);
      assert.ok(target, path);
      await updater.downloadTarget(target);
    }
    assert.equal((await updater.getTargetInfo("hello-1.0.0_b.1.tar"))?.length, 2048);
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
});
