/**
 * Compressed archives, opened so that they can be made again byte for byte: gzip and zip by zlib, by
 * Chromium's zlib and by gzip(1).
 *
 * @module
 */

export { DeflateBudget, deflateWork, type Stopwatch } from "./deflate_budget.ts";
export { type DeflateSettings, type Flavour, FLAVOURS } from "./deflater.ts";
export { decodeHint, encodeHint, type HintIndex } from "./hint_index.ts";
export {
  type ChunkSeeds,
  hintBytesFor,
  type HintedCost,
  hintedCost,
  hintedFile,
  type HintedFileOptions,
  isWorthwhile,
  openHint,
} from "./hinted_file.ts";
export { SeedFile } from "./seed_file.ts";
export { OpenedArchive, type OpenedArchiveOptions } from "./opened_archive.ts";
export { type ReadContent, rebuildArchive, type RebuildBounds, rebuildWork } from "./rebuild.ts";
export { type CopyStep, type DeflateStep, type Recipe, type Step } from "./recipe.ts";
export { decodeRecipe, encodeRecipe } from "./recipe_format.ts";
