import assert from "node:assert/strict";
import { RetryingStore } from "../../cache/stores/retry.ts";
import { S3Store } from "../../cache/stores/s3/s3.ts";
import { S3Bucket, type S3BucketOptions } from "../../cache/stores/s3/s3_bucket.ts";
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
  const { fetch, held } = countingBodies();
  const store = new RetryingStore(new S3Store({ ...bucket, fetch }), {
    random: () => 0,
    wait: async () => {},
  });
  return { store, held, close: () => Promise.resolve() };
}, RADOSGW);

/** A fetch, and how many bodies of its answers were neither read to their end nor given up. */
function countingBodies() {
  let open = 0;
  const counting = async (request: Request): Promise<Response> => {
    const response = await fetch(request);
    if (response.body === null) return response;
    const reader = response.body.getReader();
    open++;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await reader.read().catch((error) => {
          open--;
          throw error;
        });
        if (!done) return controller.enqueue(value);
        open--;
        controller.close();
      },
      cancel(reason) {
        open--;
        return reader.cancel(reason);
      },
    });
    return new Response(body, response);
  };
  return { fetch: counting, held: () => open };
}

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

/** What the service says of uploads that were begun and not ended. */
async function unfinishedUploads(bucket: S3BucketOptions): Promise<string> {
  const query = { uploads: "" };
  const { bytes } = await new S3Bucket(bucket).send({
    verb: "list uploads of",
    method: "GET",
    query,
  });
  const xml = new TextDecoder().decode(bytes);
  assert.match(xml, /<ListMultipartUploadsResult/, "the service knows the question");
  return [...xml.matchAll(/<Upload>.*?<\/Upload>/gs)].join();
}

testNeeding(
  RADOSGW,
  "an upload in parts that is given up or fails leaves no part behind",
  async () => {
    const bucket = await service.createBucket();
    const long = new Uint8Array(40 * 1024 * 1024);
    const during = (pattern: string, then: (request: Request) => Promise<Response>) =>
      new S3Store({
        ...bucket,
        fetch: (request) => request.url.includes(pattern) ? then(request) : fetch(request),
      });

    const giveUp = new AbortController();
    const givenUp = during("partNumber=3", (request) => {
      giveUp.abort();
      return fetch(request);
    });
    await assert.rejects(
      givenUp.put("pack", long, { signal: giveUp.signal }),
      (error) => isBrecciaError(error, "cancelled"),
    );
    assert.equal(await unfinishedUploads(bucket), "", "given up by its caller");

    const breaking = during("partNumber=4", () => Promise.reject(new TypeError("reset")));
    await assert.rejects(
      breaking.put("pack", long),
      (error) => isBrecciaError(error, "storage-failed"),
    );
    assert.equal(await unfinishedUploads(bucket), "", "broken in a part");

    let refused = false;
    const late = during("uploadId=", (request) => {
      if (request.method !== "POST") return fetch(request);
      refused = true;
      return Promise.resolve(new Response("<Error><Code>InternalError</Code></Error>"));
    });
    await assert.rejects(
      late.put("pack", long),
      (error) => isBrecciaError(error, "storage-failed"),
    );
    assert.ok(refused);
    assert.equal(await unfinishedUploads(bucket), "", "refused at its end, behind a 200");
    assert.deepEqual(await Array.fromAsync(new S3Store(bucket).list("")), []);
  },
);

for (
  const [status, code, asked, as] of [
    [500, "InternalError", 3, "storage-failed"],
    [503, "SlowDown", 3, "storage-failed"],
    [429, "TooManyRequests", 3, "storage-failed"],
    [403, "AccessDenied", 1, "storage-denied"],
    [400, "InvalidRequest", 1, "usage"],
    [507, "InsufficientStorage", 1, "storage-full"],
  ] as const
) {
  const times = asked === 1 ? "is not asked again" : "is asked again, and heals";
  testNeeding(RADOSGW, `a bucket that answers ${status} ${code} ${times}`, async () => {
    const bucket = await service.createBucket();
    let requests = 0;
    const bad = new S3Store({
      ...bucket,
      fetch: (request) =>
        ++requests < 3
          ? Promise.resolve(new Response(`<Error><Code>${code}</Code></Error>`, { status }))
          : fetch(request),
    });
    const store = new RetryingStore(bad, { random: () => 0, wait: async () => {} });
    const written = store.put("a", new Uint8Array([1]));
    if (asked > 1) await written;
    else await assert.rejects(written, (error) => isBrecciaError(error, as));
    assert.equal(requests, asked);
    assert.equal((await new S3Store(bucket).head("a"))?.size, asked > 1 ? 1 : undefined);
  });
}
