import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import {
  decodeDelta,
  describeDelta,
  drawSvg,
  drawText,
  encodeDelta,
  explainDelta,
  MemoryAccess,
} from "../../delta/mod.ts";
import { encodeHex } from "../../bytes/mod.ts";
import { BrecciaError } from "../../errors.ts";
import type { Command, CommandContext } from "../command.ts";
import { decodeDeltaFile } from "../decode_delta_file.ts";
import { fileError } from "../file_error.ts";

/** `breccia delta`: deltas between two files. */
export const command: Command = {
  name: "delta",
  summary: "Make, apply and look into a delta of two files",
  usage: "encode OLD NEW OUT | decode OLD DELTA OUT | info DELTA | explain OLD DELTA",
  description:
    "decode works in the memory of one segment; what it makes is compared with the hash in the " +
    "delta before OUT appears. explain draws where the bytes of a delta go.",
  example: "breccia delta encode app-1.0 app-1.1 app.delta",
  operands: [2, 4],
  flags: {
    svg: { type: "string", value: "FILE", help: "explain: write the drawing as SVG" },
    small: { type: "boolean", help: "encode: a fifth smaller, slower to decode" },
    memory: { type: "string", value: "MB", help: "encode: memory to stay within" },
  },
  run: delta,
};

async function delta(context: CommandContext): Promise<void> {
  const [action, ...files] = context.args;
  const wanted = { encode: 3, decode: 3, info: 1, explain: 2 }[action ?? ""];
  if (wanted !== files.length) {
    throw new BrecciaError("usage", `Type it as: breccia delta ${command.usage}`);
  }
  const paths = files.map((file) => context.path(file));
  if (action === "encode") await encode(context, paths as [string, string, string]);
  else if (action === "decode") await decode(context, paths as [string, string, string]);
  else if (action === "info") await info(context, paths[0] as string);
  else await explain(context, paths as [string, string]);
}

async function encode(
  { output, flags, signal }: CommandContext,
  [old, fresh, out]: [string, string, string],
): Promise<void> {
  const megabytes = flags.integer("memory", 16, 1_000_000);
  const [oldBytes, newBytes] = [await read(old), await read(fresh)];
  const made = await encodeDelta(oldBytes, newBytes, {
    signal,
    small: flags.has("small"),
    ...(megabytes === undefined ? {} : { memoryBytes: megabytes * 1e6 }),
    onProgress: ({ stage, done, total }) =>
      output.progress(`${stage} ${Math.round(100 * done / Math.max(total, 1))} %`),
  });
  output.progress("");
  await decodeDelta(made, oldBytes);
  await writeFile(out, made, { flag: "wx" }).catch((cause) => {
    throw fileError("write", out, cause);
  });
  output.document({ old: oldBytes.length, new: newBytes.length, delta: made.length });
  output.print(`${made.length} bytes make ${newBytes.length} from ${oldBytes.length}`);
}

async function decode(
  { output, signal }: CommandContext,
  [old, from, out]: [string, string, string],
): Promise<void> {
  const made = await decodeDeltaFile(old, from, out, signal);
  output.document(made);
  output.print(`${out}: ${made.bytes} bytes, SHA-256 ${made.sha256}`);
}

async function info({ output }: CommandContext, file: string): Promise<void> {
  const { head, matchBytes, mixedBytes, codings } = await describeDelta(await read(file));
  const segments = head.segments.map(({ start, end, storedStart, storedEnd }, i) => ({
    bytes: end - start,
    stored: storedEnd - storedStart,
    coding: codings[i],
  }));
  const facts = {
    version: head.version,
    old: { bytes: head.oldSize, sha256: encodeHex(head.oldSha256) },
    new: { bytes: head.newSize, sha256: encodeHex(head.newSha256) },
    images: head.images.length,
    matches: head.matches.count,
    matchBytes,
    mixedBytes,
    segments,
  };
  output.document(facts);
  for (const [name, { bytes, sha256 }] of [["old", facts.old], ["new", facts.new]] as const) {
    output.print(`${name}       ${bytes} bytes, SHA-256`);
    output.print(`          ${sha256}`);
  }
  output.print(`programs  ${facts.images}`);
  output.print(`matches   ${facts.matches}, stored in ${matchBytes} bytes`);
  if (head.version === 2) {
    output.print(`small     ${mixedBytes} bytes of wrong guesses are coded by mixed contexts`);
  }
  for (const [number, { bytes, stored, coding }] of segments.entries()) {
    output.print(
      `segment ${number}: ${bytes} bytes, stored in ${stored}${
        coding === "mixed" ? ", mixed" : ""
      }`,
    );
  }
}

async function explain(
  { output, flags, path }: CommandContext,
  [old, file]: [string, string],
): Promise<void> {
  const delta = await read(file);
  const parts = await explainDelta(delta, new MemoryAccess(await read(old)));
  const svg = flags.text("svg");
  if (svg !== undefined) {
    await writeFile(path(svg), drawSvg(parts, basename(file))).catch((cause) => {
      throw fileError("write", path(svg), cause);
    });
  }
  output.document(parts);
  output.print(drawText(parts));
  const { codings } = await describeDelta(delta);
  const mixed = codings.filter((coding) => coding === "mixed").length;
  if (mixed > 0) output.print(`${mixed} of ${codings.length} segments are mixed (--small)`);
}

async function read(file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    throw fileError("read", file, cause);
  }
}
