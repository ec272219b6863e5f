import assert from "node:assert/strict";
import { RetryingStore } from "../../cache/retry.ts";
import { S3Store } from "../../cache/s3.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { testStoreContract } from "../contract/store_contract.ts";
import { testNeeding } from "../requirement.ts";
import { RADOSGW, type Radosgw, startRadosgw } from "../services/radosgw.ts";

let service: Radosgw;

Deno.test.beforeAll(async () => {
  if (RADOSGW.available) service = await startRadosgw();
});
Deno.test.afterAll(async () => {
  if (RADOSGW.available) await service.stop();
});

testStoreContract("s3", async () => {
  const bucket = await service.createBucket();
  // As composition roots make it. Ceph answers 500 to some losers of a race, and 412 when asked again.
  const store = new RetryingStore(new S3Store(bucket), { random: () => 0, wait: async () => {} });
  return { store, close: () => Promise.resolve() };
}, RADOSGW);

testNeeding(RADOSGW, "two prefixes of one bucket don't see each other's objects", async () => {
  const bucket = await service.createBucket();
  const one = new S3Store({ ...bucket, prefix: "tenants/one" });
  const two = new S3Store({ ...bucket, prefix: "tenants/one-more" });
  await one.put("a", new Uint8Array([1]));
  await two.put("a", new Uint8Array([2]));
  assert.deepEqual((await one.get("a"))?.bytes, new Uint8Array([1]));
  assert.deepEqual(await Array.fromAsync(one.list("")), [{ key: "a", size: 1 }]);
});

testNeeding(RADOSGW, "a wrong secret is refused, and the message shows neither key", async () => {
  const bucket = await service.createBucket();
  const credentials = { ...bucket.credentials, secretAccessKey: "not-the-secret" };
  const store = new S3Store({ ...bucket, credentials });
  for (
    const attempt of [
      () => store.put("a", new Uint8Array(1)),
      () => store.get("a"),
      () => store.head("a"),
      () => store.delete("a"),
      () => Array.fromAsync(store.list("")),
    ]
  ) {
    await assert.rejects(attempt, (error) => {
      assert.ok(isBrecciaError(error, "storage-denied"), String(error));
      assert.doesNotMatch(String(error), /not-the-secret|breccia-tests/);
      return true;
    });
  }
  assert.deepEqual(await Array.fromAsync(new S3Store(bucket).list("")), []);
});

testNeeding(RADOSGW, "a body changed on its way is refused, and nothing is stored", async () => {
  const bucket = await service.createBucket();
  const store = new S3Store({
    ...bucket,
    fetch: (request) => fetch(new Request(request, { body: "tampered", method: "PUT" })),
  });
  await assert.rejects(
    store.put("a", new TextEncoder().encode("original")),
    (error) => isBrecciaError(error, "storage-failed"),
  );
  assert.equal(await new S3Store(bucket).get("a"), undefined);
});

testNeeding(RADOSGW, "a bucket that does not exist is an error, not an empty store", async () => {
  const store = new S3Store({ ...(await service.createBucket()), bucket: "no-such-bucket" });
  for (const attempt of [() => store.get("a"), () => store.head("a"), () => store.delete("a")]) {
    await assert.rejects(attempt, (error) => isBrecciaError(error, "usage"));
  }
});

testNeeding(RADOSGW, "an upload that breaks in its midst leaves the object as it was", async () => {
  const bucket = await service.createBucket();
  const whole = new S3Store(bucket);
  await whole.put("pack", new Uint8Array([1, 2, 3]));
  const breaking = new S3Store({
    ...bucket,
    fetch: (request) => {
      if (request.url.includes("partNumber=2")) throw new TypeError("connection reset");
      return fetch(request);
    },
  });
  await assert.rejects(
    breaking.put("pack", new Uint8Array(20 * 1024 * 1024)),
    (error) => isBrecciaError(error, "storage-failed"),
  );
  assert.deepEqual((await whole.get("pack"))?.bytes, new Uint8Array([1, 2, 3]));
});
