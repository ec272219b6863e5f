import { ByteReader, ByteWriter, equalBytes, Turns } from "../bytes/mod.ts";
import { ARCHIVE_LIMITS, INDEX_LIMITS } from "../limits.ts";
import { type DeflateSettings, FLAVOURS } from "./deflater.ts";
import { contentBytesOf, type Recipe, type Step } from "./recipe.ts";

/** "BRRECIP" and the format's number. */
const MAGIC = Uint8Array.of(0x42, 0x52, 0x52, 0x45, 0x43, 0x49, 0x50, 1);

/** The shortest step: a kind and a length. */
const STEP_BYTES = 2;

/** Reading a step takes as long as other work on so many bytes. */
const STEP_WORK = 32;

/** The bytes of a recipe, a function of `recipe` alone (docs/formats/archive-recipe.md). */
export function encodeRecipe(recipe: Recipe): Uint8Array<ArrayBuffer> {
  const settings: DeflateSettings[] = [];
  const numbers = new Map<string, number>();
  for (const step of recipe.steps) {
    if (step.kind === "copy" || numbers.has(nameOf(step.settings))) continue;
    numbers.set(nameOf(step.settings), settings.length);
    settings.push(step.settings);
  }
  const out = new ByteWriter();
  out.bytes(MAGIC);
  out.varint(recipe.contentBytes);
  out.varint(recipe.archiveBytes);
  out.varint(settings.length);
  for (const { flavour, level, memLevel, strategy } of settings) {
    out.u8(FLAVOURS.indexOf(flavour));
    for (const number of [level, memLevel, strategy]) out.u8(number);
  }
  out.varint(recipe.steps.length);
  for (const step of recipe.steps) {
    out.varint(step.kind === "copy" ? 0 : numbers.get(nameOf(step.settings))! + 1);
    if (step.kind === "deflate") out.varint(step.contentBytes);
    out.varint(step.bytes);
  }
  return out.finish();
}

/**
 * Reads a recipe and checks that it is consistent in itself. Whether it makes the archive that somebody
 * signed is for the signed hash to say. Others have their turn meanwhile.
 *
 * @throws {BrecciaError} `recipe-malformed`; the signal's reason.
 */
export function decodeRecipe(bytes: Uint8Array, signal?: AbortSignal): Promise<Recipe> {
  return readRecipe(bytes, new Turns(signal));
}

/** {@linkcode decodeRecipe} as a part of longer work. */
export async function readRecipe(bytes: Uint8Array, turns: Turns): Promise<Recipe> {
  const reader = new ByteReader(bytes, "archive recipe", "recipe-malformed");
  if (!equalBytes(reader.bytes(MAGIC.length), MAGIC)) {
    reader.fail("it does not begin as a recipe of format 1 does");
  }
  const contentBytes = reader.varint(INDEX_LIMITS.streamBytes);
  const archiveBytes = reader.varint(INDEX_LIMITS.streamBytes);
  const settings = Array.from(
    { length: reader.varint(ARCHIVE_LIMITS.settings) },
    () => readSettings(reader),
  );
  const count = reader.varint(ARCHIVE_LIMITS.steps);
  if (count * STEP_BYTES > reader.remaining) reader.fail(`${count} steps are claimed`);
  const steps: Step[] = [];
  let taken = 0;
  let made = 0;
  for (let i = 0; i < count; i++) {
    const step = readStep(reader, settings, steps.at(-1));
    steps.push(step);
    taken += contentBytesOf(step);
    made += step.bytes;
    const turn = turns.spend(STEP_WORK);
    if (turn) await turn;
  }
  reader.end();
  if (taken !== contentBytes) reader.fail("its steps take another content");
  if (made !== archiveBytes) reader.fail("its steps make another length");
  return { steps, contentBytes, archiveBytes };
}

function readSettings(reader: ByteReader): DeflateSettings {
  const flavour = FLAVOURS[reader.u8()] ?? reader.fail("a kind of deflate is unknown");
  const [level, memLevel, strategy] = [reader.u8(), reader.u8(), reader.u8()] as const;
  const possible = level >= 1 && level <= 9 && memLevel >= 1 && memLevel <= 9 && strategy <= 4;
  if (!possible || (flavour === "gnu" && memLevel !== 9)) reader.fail("settings are out of range");
  return { flavour, level, memLevel, strategy: strategy as DeflateSettings["strategy"] };
}

function readStep(
  reader: ByteReader,
  settings: readonly DeflateSettings[],
  before: Step | undefined,
): Step {
  const number = reader.varint(settings.length);
  if (number === 0) {
    if (before?.kind === "copy") reader.fail("two copies stand in a row");
    const bytes = reader.varint(INDEX_LIMITS.streamBytes);
    if (bytes === 0) reader.fail("a copy is empty");
    return { kind: "copy", bytes };
  }
  const contentBytes = reader.varint(INDEX_LIMITS.streamBytes);
  const bytes = reader.varint(INDEX_LIMITS.streamBytes);
  // Rebuilding costs time by content: a few bytes must not ask for hours of it.
  if (contentBytes > ARCHIVE_LIMITS.expansion * bytes + ARCHIVE_LIMITS.slackBytes) {
    reader.fail(`${contentBytes} bytes of content are claimed for ${bytes} of the archive`);
  }
  return { kind: "deflate", settings: settings[number - 1]!, contentBytes, bytes };
}

function nameOf({ flavour, level, memLevel, strategy }: DeflateSettings): string {
  return `${flavour} ${level} ${memLevel} ${strategy}`;
}
