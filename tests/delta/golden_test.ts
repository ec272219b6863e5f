import assert from "node:assert/strict";
import { decodeDelta, encodeDelta } from "../../src/delta/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";

const FOLDER = new URL("../vectors/delta/", import.meta.url);
const read = (name: string): Uint8Array<ArrayBuffer> => Deno.readFileSync(new URL(name, FOLDER));

for (const name of ["flat", "program", "arm64", "pe", "mach-o", "wasm", "small"]) {
  Deno.test(`the golden ${name} delta decodes, and encoding it again gives the same bytes`, async () => {
    const [before, after] = [read(`${name}.old`), read(`${name}.new`)];
    const delta = read(`${name}.delta`);
    assert.deepEqual(await decodeDelta(delta, before), after);
    const options = { small: name === "small" };
    assert.deepEqual(await encodeDelta(before, after, options), delta);
  });
}

for (
  const twin of [
    "flat.cut",
    "flat.flipped",
    "flat.version",
    "program.cut",
    "program.flipped",
    "arm64.cut",
    "arm64.flipped",
    "pe.cut",
    "pe.flipped",
    "mach-o.cut",
    "mach-o.flipped",
    "wasm.cut",
    "wasm.flipped",
    "small.cut",
    "small.flipped",
  ]
) {
  Deno.test(`the corrupt twin ${twin}.delta is refused`, async () => {
    await assert.rejects(
      decodeDelta(read(`${twin}.delta`), read(`${twin.split(".")[0]}.old`)),
      (error) => isBrecciaError(error, "delta-malformed", "delta-mismatch"),
    );
  });
}
