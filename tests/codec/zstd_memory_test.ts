import assert from "node:assert/strict";
import { loadZstd } from "../../src/codec/mod.ts";

const CODEC = new URL("../../src/codec/mod.ts", import.meta.url).href;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** Runs `script` in a process whose WebAssembly memories hold at most 32 MiB; `input` is its argument, a file. */
async function inSmallMemory(script: string, input = new Uint8Array(0)): Promise<unknown> {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/script.ts`;
  try {
    await Deno.writeTextFile(file, script);
    await Deno.writeFile(`${folder}/input`, input);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        "--config",
        CONFIG,
        "--v8-flags=--wasm-max-mem-pages=512",
        file,
        `${folder}/input`,
      ],
    }).output();
    const text = new TextDecoder();
    try {
      return JSON.parse(text.decode(stdout));
    } catch {
      return assert.fail(`no answer: ${text.decode(stderr)}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a bomb that finds no memory is refused, however often, and the codec stays whole", async () => {
  const frame = (await loadZstd()).compress(new Uint8Array(100_000_000), 1);
  // Bytes behind it make what a leak would keep large: 200 times 2 MiB.
  const bomb = new Uint8Array(frame.length + 2_097_152);
  bomb.set(frame);
  const script = `
    import { loadZstd } from ${JSON.stringify(CODEC)};
    const zstd = await loadZstd();
    const bomb = Deno.readFileSync(Deno.args[0]);
    const codes = new Set();
    for (let i = 0; i < 200; i++) {
      try {
        zstd.decompress(bomb, 100_000_000);
      } catch (error) {
        codes.add(error.code);
      }
    }
    const small = new TextEncoder().encode("breccia ".repeat(100_000));
    const back = zstd.decompress(zstd.compress(small, 19), small.length);
    console.log(JSON.stringify({ codes: [...codes], same: back.every((byte, i) => byte === small[i]) }));
  `;
  const seen = await inSmallMemory(script, bomb);
  assert.deepEqual(seen, { codes: ["frame-oversized"], same: true });
});

Deno.test("content that finds no memory is not compressed, in one sentence", async () => {
  const seen = await inSmallMemory(`
    import { loadZstd } from ${JSON.stringify(CODEC)};
    const zstd = await loadZstd();
    const messages = new Set();
    for (let i = 0; i < 20; i++) {
      try {
        zstd.compress(new Uint8Array(16_000_000), 19);
      } catch (error) {
        messages.add(error.code + ": " + error.message);
      }
    }
    const frame = zstd.compress(new Uint8Array(1000), 3);
    console.log(JSON.stringify({ messages: [...messages], size: zstd.decompress(frame, 1000).length }));
  `);
  assert.deepEqual(seen, {
    messages: [
      "frame-oversized: Cannot compress 16000000 bytes at zstd level 19: this machine has no memory for it; " +
      "lower the level or free memory",
    ],
    size: 1000,
  });
});
