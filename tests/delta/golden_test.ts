import assert from "node:assert/strict";
import { decodeDelta, encodeDelta } from "../../src/delta/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";

const FOLDER = new URL("../vectors/delta/", import.meta.url);
const read = (name: string): Uint8Array<ArrayBuffer> => Deno.readFileSync(new URL(name, FOLDER));

Deno.test("the golden flat delta decodes, and encoding it again gives the same bytes", async () => {
  const [before, after, delta] = [read("flat.old"), read("flat.new"), read("flat.delta")];
  assert.deepEqual(await decodeDelta(delta, before), after);
  assert.deepEqual(await encodeDelta(before, after), delta);
});

Deno.test("each corrupt twin of the golden delta is refused", async () => {
  const before = read("flat.old");
  for (const twin of ["flat.cut.delta", "flat.flipped.delta", "flat.version.delta"]) {
    await assert.rejects(
      decodeDelta(read(twin), before),
      (error) => isBrecciaError(error, "delta-malformed", "delta-mismatch"),
      twin,
    );
  }
});
