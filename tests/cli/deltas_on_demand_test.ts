import assert from "node:assert/strict";
import { equalBytes } from "../../src/bytes/mod.ts";
import {
  type SampleArchitecture,
  type SampleFormat,
  sampleProgram,
} from "../delta/sample_programs.ts";
import { EdgeProcess } from "../faults/edge_process.ts";
import { LiveRepository } from "../faults/live_repository.ts";
import { noise } from "../publish/memory_tree.ts";
import { call } from "./call.ts";

const FORMATS: readonly SampleFormat[] = ["ELF", "PE", "Mach-O"];
const ARCHITECTURES: readonly SampleArchitecture[] = ["x86-64", "arm64"];

/** Programs of every kind, with resources behind them; the next version has a function more in each. */
function programs(next: boolean): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const format of FORMATS) {
    for (const architecture of ARCHITECTURES) {
      const code = sampleProgram(format, architecture, next);
      const resources = noise(80_000, 100 + files.size);
      if (next) { for (let at = 50; at < 80_000; at += 7000) resources[at]! ^= 1; }
      files.set(`app-${format}-${architecture}`, new Uint8Array([...code, ...resources]));
    }
  }
  return files;
}

/** What `breccia update --json` says. */
interface Updated {
  readonly bytes: { readonly transferred: number; readonly total: number; readonly deltas: number };
  readonly reasons: readonly string[];
}

/** A device in a folder of its own. */
async function deviceOf(edge: EdgeProcess, repository: LiveRepository) {
  const folder = await Deno.makeTempDir();
  /** Tries again while the thread that answers has not heard of the version: that takes a second. */
  const updateTo = async (version: string): Promise<Updated> => {
    const from = ["--from", edge.url, "--root", repository.root];
    for (let tries = 1;; tries++) {
      const { code, stdout, stderr } = await call(["update", "--at", folder, ...from, "--json"]);
      if (code === 0 && JSON.parse(stdout).version === version) return JSON.parse(stdout);
      assert.ok(tries < 1000, stderr);
    }
  };
  const runs = async (files: ReadonlyMap<string, Uint8Array>) => {
    for (const [name, bytes] of files) {
      assert.ok(equalBytes(await Deno.readFile(`${folder}/current/${name}`), bytes), name);
    }
  };
  return { updateTo, runs, remove: () => Deno.remove(folder, { recursive: true }) };
}

for (const threads of ["1", "2"]) {
  Deno.test(`with ${threads} threads: the third device updates by a delta that the edge made`, async () => {
    await using repository = await LiveRepository.create();
    await repository.releaseFiles("1.0.0", programs(false));
    const store = await Deno.makeTempDir();
    {
      const flags = ["--store", `fs:${store}`, "--deltas-on-demand", "50MB", "--threads", threads];
      await using edge = await EdgeProcess.start([...repository.flags, ...flags]);
      const devices = await Promise.all([0, 1, 2].map(() => deviceOf(edge, repository)));
      for (const device of devices) await device.updateTo("1.0.0");
      await repository.releaseFiles("1.1.0", programs(true));

      const [first, second, third] = devices;
      const plain = [await first!.updateTo("1.1.0"), await second!.updateTo("1.1.0")];
      const { bytes: made } = await edge.logged("delta made");
      const { bytes, reasons } = await third!.updateTo("1.1.0");
      for (const { bytes } of plain) assert.ok(bytes.transferred > 400_000);
      assert.equal(bytes.transferred, bytes.total);
      assert.ok(bytes.transferred < 40_000, `${bytes.transferred} of ${plain[0]!.bytes.total}`);
      assert.ok(bytes.deltas >= (made as number));
      assert.match(reasons.join(), /made by 127\.0\.0\.1/);
      for (const device of devices) {
        await device.runs(programs(true));
        await device.remove();
      }
    }
    await Deno.remove(store, { recursive: true });
  });
}
