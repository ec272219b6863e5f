import assert from "node:assert/strict";
import { createPrivateKey, sign } from "node:crypto";
import * as models from "@tufjs/models";
import { Updater } from "tuf-js";
import { DAY, MINUTE, START } from "../../simulator/repository.ts";
import { SimulatedSource } from "../../simulator/client.ts";
import { Ed25519Signer, MemoryMetadataStore, refresh } from "../../../src/tuf/mod.ts";
import { oracleStory } from "./living_repository.ts";

for (const consistentSnapshot of [true, false]) {
  const kind = consistentSnapshot ? "with" : "without";
  Deno.test(`tuf-js reads what we publish, ${kind} consistent snapshots`, async () => {
    await using story = await oracleStory(consistentSnapshot);
    const updater = new Updater({
      metadataDir: `${story.folder}/metadata`,
      metadataBaseUrl: story.server.metadataUrl,
      targetDir: `${story.folder}/downloads`,
      targetBaseUrl: story.server.targetsUrl,
    });
    await updater.refresh();
    for (const path of story.targets) {
      const target = await updater.getTargetInfo(path);
      assert.ok(target, `tuf-js finds ${path}`);
      const file = await updater.downloadTarget(target);
      assert.deepEqual(await Deno.readFile(file), story.content);
    }
    assert.equal(await updater.getTargetInfo("team/other"), undefined);
  });
}

/** A metadata file by the models of tuf-js, signed by `signer`. */
function theirs(
  signed: models.Root | models.Timestamp | models.Snapshot | models.Targets,
  signer: Ed25519Signer,
): Uint8Array {
  const key = createPrivateKey({ key: Buffer.from(signer.pkcs8()), format: "der", type: "pkcs8" });
  const metadata = new models.Metadata(signed);
  metadata.sign((data) =>
    new models.Signature({
      keyID: signer.keyId,
      sig: sign(undefined, new Uint8Array(data), key).toString("hex"),
    })
  );
  return new TextEncoder().encode(JSON.stringify(metadata.toJSON(), null, 1));
}

Deno.test("we read what tuf-js publishes", async () => {
  const signer = await Ed25519Signer.generate();
  const head = {
    version: 1,
    specVersion: "1.0.34",
    expires: new Date(START + DAY).toISOString().replace(".000Z", "Z"),
  };
  const key = models.Key.fromJSON(
    signer.keyId,
    Object.fromEntries(
      [...signer.key.json].map((
        [name, value],
      ) => [name, value instanceof Map ? Object.fromEntries(value) : value]),
    ) as Parameters<typeof models.Key.fromJSON>[1],
  );
  const root = new models.Root({ ...head, consistentSnapshot: true });
  for (const role of ["root", "timestamp", "snapshot", "targets"]) root.addKey(key, role);
  const targets = new models.Targets({ ...head, unrecognizedFields: { "x-note": "später 😀" } });
  targets.addTarget(
    new models.TargetFile({ path: "a/b", length: 3, hashes: { sha256: "ab".repeat(32) } }),
  );
  const snapshot = new models.Snapshot({
    ...head,
    meta: { "targets.json": new models.MetaFile({ version: 1 }) },
  });
  const timestamp = new models.Timestamp({
    ...head,
    snapshotMeta: new models.MetaFile({ version: 1 }),
  });
  const source = new SimulatedSource(
    new Map([
      ["timestamp.json", theirs(timestamp, signer)],
      ["1.snapshot.json", theirs(snapshot, signer)],
      ["1.targets.json", theirs(targets, signer)],
    ]),
  );
  const metadata = await refresh({
    source,
    store: new MemoryMetadataStore(),
    trustedRoot: theirs(root, signer),
    now: START + MINUTE,
  });
  assert.equal((await metadata.findTarget("a/b"))?.length, 3);
  assert.equal(metadata.targets.unknown?.get("x-note"), "später 😀");
});
