/**
 * EIO by a double at the store port, for every kind of object. From a real file system, where loop devices
 * can be mounted: `broken_disk_test.ts`.
 */
import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { storageError } from "../../cache/stores/storage_error.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { bodyOf, edgeOf } from "../mirror/edge_fixture.ts";
import { releasesWithDelta } from "./populated_repository.ts";

const EIO = Object.assign(new Error("input/output error"), { code: "EIO" });

/** A disk with bad sectors: what lies there can't be read until it is written anew, elsewhere. */
class BadSectors extends MemoryStore {
  readonly bad = new Set<string>();
  /** Whether writes fail, too. */
  broken = false;

  override get(...[key, options]: Parameters<MemoryStore["get"]>) {
    if (this.bad.has(key)) return Promise.reject(storageError(EIO, "read", key));
    return super.get(key, options);
  }

  override async put(...[key, bytes, options]: Parameters<MemoryStore["put"]>) {
    if (this.broken) throw storageError(EIO, "write", key);
    const etag = await super.put(key, bytes, options);
    this.bad.delete(key);
    return etag;
  }
}

Deno.test("EIO of one file says that it is lost, of a write that trying again may help", () => {
  assert.ok(isBrecciaError(storageError(EIO, "read", "/store/packs/a"), "storage-corrupt"));
  assert.ok(isBrecciaError(storageError(EIO, "write", "/store/packs/a"), "storage-failed"));
});

Deno.test("content that the disk can't read any more is brought from upstream and written anew", async () => {
  const repository = await releasesWithDelta();
  const store = new BadSectors();
  const { edge, get } = await edgeOf(repository, { store });
  await edge.refresh();
  const content = repository.paths.filter((path) => /^\/(?:packs|deltas)\//.test(path));
  assert.ok(content.length >= 2);
  for (const path of content) {
    const right = await bodyOf(await get(path));
    const again = await edgeOf(repository, { store });
    store.bad.add(path.slice(1));
    assert.deepEqual(await bodyOf(await again.get(path)), right);
    assert.ok(!store.bad.has(path.slice(1)), "it lies elsewhere now");
  }
});

Deno.test("an archive is rebuilt although the disk has lost its packs", async () => {
  const repository = await releasesWithDelta();
  const store = new BadSectors();
  const { edge, get } = await edgeOf(repository, { store });
  await edge.refresh();
  const right = await bodyOf(await get("/targets/hello-1.0.0.tar"));
  for await (const { key } of store.list("packs/")) store.bad.add(key);
  const again = await edgeOf(repository, { store });
  assert.deepEqual(await bodyOf(await again.get("/targets/hello-1.0.0.tar")), right);
});

Deno.test("a scrub passes bad sectors, and leaves none that the upstream can mend", async () => {
  const repository = await releasesWithDelta();
  const store = new BadSectors();
  const { edge, maintain } = await edgeOf(repository, { store });
  await edge.refresh();
  for await (const { key } of store.list("")) if (key.includes("/")) store.bad.add(key);
  const { damaged } = await maintain({ grace: 1000 });
  assert.ok(damaged.length > 5);
  assert.equal(store.bad.size, 0);
});

Deno.test("a disk that takes no writes keeps the edge at what it has, and the reason is told", async () => {
  const repository = await releasesWithDelta();
  const store = new BadSectors();
  const { edge, get } = await edgeOf(repository, { store });
  await edge.refresh();
  store.broken = true;
  await store.delete("current");
  await assert.rejects(edge.refresh(), (error) => isBrecciaError(error, "storage-failed"));
  assert.match(edge.status().reasons.join(), /^Cannot write [^\n]*EIO; [^\n]+$/);
  assert.equal((await get("/targets/hello-1.1.0.tar")).status, 200);
  store.broken = false;
  await edge.refresh();
  assert.deepEqual(edge.status().reasons, []);
  assert.notEqual(await store.head("current"), undefined, "the pointer is back");
});
