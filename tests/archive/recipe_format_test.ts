import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeRecipe, encodeRecipe, type Recipe, type Step } from "../../src/archive/mod.ts";
import { decodeHex, encodeHex } from "../../src/bytes/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";

const SETTINGS = { flavour: "gnu", level: 6, memLevel: 9, strategy: 0 } as const;

/** The example of docs/formats/archive-recipe.md. */
const GOLDEN: Recipe = {
  contentBytes: 1018,
  archiveBytes: 318,
  steps: [
    { kind: "copy", bytes: 10 },
    { kind: "deflate", settings: SETTINGS, contentBytes: 1000, bytes: 300 },
    { kind: "copy", bytes: 8 },
  ],
};
const GOLDEN_HEX = "4252524543495001" + "fa07" + "be02" + "01" + "02060900" + "03" +
  "000a" + "01e807ac02" + "0008";

function bytesOf(hex: string): Uint8Array {
  return decodeHex(hex) as Uint8Array;
}

Deno.test("the golden recipe is written and read as the specification says", async () => {
  assert.equal(encodeHex(encodeRecipe(GOLDEN)), GOLDEN_HEX);
  assert.deepEqual(await decodeRecipe(bytesOf(GOLDEN_HEX)), GOLDEN);
});

const TWINS: readonly [what: string, from: string, to: string][] = [
  ["another magic number", "4252524543495001", "4252524543495002"],
  ["an unknown flavour", "02060900", "03060900"],
  ["level 0", "02060900", "02000900"],
  ["gnu at memory level 8", "02060900", "02060800"],
  ["strategy 5", "02060900", "02060905"],
  ["a step with settings that are not listed", "01e807ac02", "02e807ac02"],
  ["an empty copy", "000a", "0000"],
  ["steps that take another content", "fa07", "fb07"],
  ["steps that make another length", "be02", "bf02"],
  ["more steps than there are", "03000a", "7f000a"],
  ["bytes after its end", "0008", "000800"],
  ["a number that is not in its shortest form", "be02", "be8200"],
];

for (const [what, from, to] of TWINS) {
  Deno.test(`decodeRecipe() refuses ${what}`, async () => {
    const twin = GOLDEN_HEX.replace(from, to);
    assert.notEqual(twin, GOLDEN_HEX);
    await assert.rejects(
      decodeRecipe(bytesOf(twin)),
      (error) => isBrecciaError(error, "recipe-malformed"),
    );
  });
}

Deno.test("decodeRecipe() refuses two copies in a row, and content out of all proportion", async () => {
  const steps = (list: Step[]): Recipe => ({
    steps: list,
    contentBytes: list.reduce((n, s) => n + (s.kind === "copy" ? s.bytes : s.contentBytes), 0),
    archiveBytes: list.reduce((n, { bytes }) => n + bytes, 0),
  });
  const twice = steps([{ kind: "copy", bytes: 1 }, { kind: "copy", bytes: 2 }]);
  const bomb = steps([{ kind: "deflate", settings: SETTINGS, contentBytes: 2 ** 40, bytes: 9 }]);
  for (const recipe of [twice, bomb]) {
    await assert.rejects(
      decodeRecipe(encodeRecipe(recipe)),
      (error) => isBrecciaError(error, "recipe-malformed"),
    );
  }
});

Deno.test("property: decodeRecipe() returns a recipe that is written the same, or refuses", async () => {
  const golden = bytesOf(GOLDEN_HEX);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.record({ at: fc.nat(golden.length - 1), value: fc.nat(255) })
      .map(({ at, value }) => golden.map((byte, i) => i === at ? value : byte)),
  );
  await fc.assert(fc.asyncProperty(bytes, async (bytes) => {
    let recipe: Recipe;
    try {
      recipe = await decodeRecipe(bytes);
    } catch (error) {
      assert.ok(isBrecciaError(error, "recipe-malformed"));
      return;
    }
    assert.deepEqual(await decodeRecipe(encodeRecipe(recipe)), recipe);
  }));
});

Deno.test("a cancellation arrives while a recipe of 200,000 steps is read", async () => {
  const list = Array.from(
    { length: 200_000 },
    (_, i): Step =>
      i % 2 === 0
        ? { kind: "copy", bytes: 1 }
        : { kind: "deflate", settings: SETTINGS, contentBytes: 1, bytes: 3 },
  );
  const bytes = encodeRecipe({ steps: list, contentBytes: 200_000, archiveBytes: 400_000 });
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 0);
  await assert.rejects(decodeRecipe(bytes, controller.signal), /enough/);
});
