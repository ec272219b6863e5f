import assert from "node:assert/strict";
import { RetryingStore } from "../../cache/stores/retry.ts";
import { S3Store } from "../../cache/stores/s3/s3.ts";
import type { S3BucketOptions } from "../../cache/stores/s3/s3_bucket.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { scrubStore } from "../../src/mirror/upkeep/scrub.ts";
import { bodyOf, edgeOf, Origin } from "../mirror/edge_fixture.ts";
import { noise } from "../publish/memory_tree.ts";
import { testNeeding } from "../requirement.ts";
import { RADOSGW, type Radosgw, startRadosgw } from "../services/radosgw.ts";

async function withService(use: (service: Radosgw) => Promise<void>): Promise<void> {
  const service = await startRadosgw();
  try {
    await use(service);
  } finally {
    await service.stop();
  }
}

/** A bucket whose service is killed when the first request comes that `matches`. */
function crashing(
  service: Radosgw,
  bucket: S3BucketOptions,
  matches: (request: Request) => boolean,
): S3BucketOptions {
  let crashed: Promise<void> | undefined;
  return {
    ...bucket,
    fetch: async (request) => {
      const under = fetch(request.clone());
      under.catch(() => {});
      // While it is under way, and others with it.
      if (matches(request)) crashed ??= service.crash();
      await crashed;
      return await under;
    },
  };
}

testNeeding(
  RADOSGW,
  "a service killed in the midst of an upload shows the old object, and the new one when it is back",
  () =>
    withService(async (service) => {
      const bucket = await service.createBucket();
      const old = noise(20 * 1024 * 1024, 1);
      const fresh = noise(40 * 1024 * 1024 + 17, 2);
      await new S3Store(bucket).put("pack", old);

      const torn = new S3Store(
        crashing(service, bucket, ({ url }) => url.includes("partNumber=2")),
      );
      await assert.rejects(
        torn.put("pack", fresh),
        (error) => isBrecciaError(error, "storage-failed"),
      );
      await assert.rejects(
        new S3Store(bucket).get("pack"),
        (error) => isBrecciaError(error, "storage-failed"),
        "a service that is gone is no empty store",
      );
      await service.restart();
      assert.deepEqual((await new S3Store(bucket).get("pack"))?.bytes, old);

      let waits = 0;
      const patient = new RetryingStore(
        new S3Store(crashing(service, bucket, ({ url }) => url.includes("partNumber=3"))),
        { random: () => 0, wait: async () => void (++waits === 1 && await service.restart()) },
      );
      await patient.put("pack", fresh);
      assert.ok(waits >= 1);
      assert.deepEqual((await new S3Store(bucket).get("pack"))?.bytes, fresh);
      assert.deepEqual(await Array.fromAsync(new S3Store(bucket).list("")), [
        { key: "pack", size: fresh.length },
      ]);
    }),
);

testNeeding(
  RADOSGW,
  "an edge whose bucket is killed in the midst of a refresh serves again when it is back",
  () =>
    withService(async (service) => {
      const bucket = await service.createBucket();
      const origin = await Origin.create();
      await origin.release("1.0.0", { app: noise(600_000, 3) });
      const first = await edgeOf(origin, { store: new S3Store(bucket) });
      await first.edge.refresh();

      await origin.release("1.1.0", { app: noise(600_000, 4) });
      const packs = ({ method, url }: Request) => method === "PUT" && url.includes("/packs/");
      const struck = await edgeOf(origin, { store: new S3Store(crashing(service, bucket, packs)) });
      await assert.rejects(
        struck.edge.refresh(),
        (error) => isBrecciaError(error, "storage-failed"),
      );
      assert.match(struck.edge.status().reasons.join(), /^Cannot [^\n]+bucket/);
      const versions = () => struck.edge.status().releases.map(({ version }) => version).sort();
      assert.deepEqual(versions(), ["1.0.0"]);
      const cut = await bodyOf(await struck.get("/targets/hello-1.0.0.tar")).catch(() => undefined);
      if (cut !== undefined && cut.length > 0) {
        assert.deepEqual(cut.slice(512, 512 + 600_000), noise(600_000, 3), "whole or an error");
      }

      await service.restart();
      const old = await bodyOf(await struck.get("/targets/hello-1.0.0.tar"));
      assert.deepEqual(old.slice(512, 512 + 600_000), noise(600_000, 3));
      assert.deepEqual(await scrubStore(new S3Store(bucket)), [], "nothing torn is there");
      await struck.edge.refresh();
      assert.deepEqual(versions(), ["1.0.0", "1.1.0"]);
      const fresh = await bodyOf(await struck.get("/targets/hello-1.1.0.tar"));
      assert.deepEqual(fresh.slice(512, 512 + 600_000), noise(600_000, 4));
    }),
);
