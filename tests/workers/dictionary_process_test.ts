import * as wasm from "@bokuweb/zstd-wasm";
import assert from "node:assert/strict";
import { sha256 } from "../../src/bytes/mod.ts";
import { loadZstd } from "../../src/codec/mod.ts";
import { testNeedingNode } from "../portable/node.ts";
import { HttpRepository } from "./http_repository.ts";
import { denoSite, nodeSite } from "./http_sites.ts";
import type { HttpSite } from "./http_suite.ts";
import { withDictionary } from "./web_assets.ts";

const FLAGS = ["--dictionary", "one.css", "--dictionary", "*.tar"];
// A decoder of another make than the one under test.
await wasm.init();

const DCZ_HEADER_BYTES = 40;

/** An archive is fetched by what changed since the one before it. */
async function checkDictionary({ ask }: HttpSite, { archive }: HttpRepository): Promise<void> {
  await loadZstd();
  const target = "/targets/hello-1.1.0.tar";
  const whole = await ask({ target });
  const headers = withDictionary(await sha256(archive));
  const { status, headers: answered, bytes } = await ask({ target, headers });
  assert.deepEqual([status, answered.get("content-encoding")], [200, "dcz"]);
  assert.equal(answered.get("content-length"), String(bytes.length));
  assert.ok(bytes.length < whole.bytes.length / 10, `${bytes.length} bytes`);
  const frame = bytes.subarray(DCZ_HEADER_BYTES);
  const content = wasm.decompressUsingDict(wasm.createDCtx(), frame, archive);
  assert.deepEqual(new Uint8Array(content), whole.bytes);
}

Deno.test("breccia edge --dictionary sends what changed", async () => {
  await using repository = await HttpRepository.create();
  await using site = await denoSite(repository, FLAGS);
  await checkDictionary(site, repository);
});

testNeedingNode("the edge on Node sends what changed", async () => {
  await using repository = await HttpRepository.create();
  await using site = await nodeSite(repository, FLAGS);
  await checkDictionary(site, repository);
});
