import { Miniflare } from "miniflare";
import { type R2Bucket, R2Store } from "../../cache/stores/r2.ts";
import { testStoreContract } from "../contract/store_contract.ts";

/** Cloudflare's own runtime, with a bucket for each test. */
let workerd: Miniflare;
const BUCKETS = Array.from({ length: 60 }, (_, i) => `BUCKET_${i}`);
const unused = [...BUCKETS];

Deno.test.beforeAll(async () => {
  workerd = new Miniflare({
    modules: true,
    script: "export default { fetch: () => new Response() };",
    compatibilityDate: "2026-07-01",
    r2Buckets: BUCKETS,
  });
  await workerd.ready;
});
Deno.test.afterAll(() => workerd.dispose());

testStoreContract("r2", async () => {
  const bucket = await workerd.getR2Bucket(unused.pop() as string) as unknown as R2Bucket;
  return { store: new R2Store(bucket), close: () => Promise.resolve() };
});
