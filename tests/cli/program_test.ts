import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/commands.ts";
import { BrecciaError, exitCodeOf } from "../../src/errors.ts";
import { call } from "./call.ts";

for (const [name, load] of COMMANDS) {
  Deno.test(`breccia ${name} --help has an example, exits 0 and fits 80 columns`, async () => {
    const { command } = await load();
    assert.equal(command.name, name);
    assert.ok(command.summary.length <= 60, "its summary fits the list of commands");
    assert.match(command.example, new RegExp(`^(# .*\\n)*breccia ${name}\\b`));
    const { code, stdout, stderr } = await call([name, "--help"]);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    assert.ok(stdout.includes("\nExample:\n  "));
    for (const flag of Object.keys(command.flags)) assert.ok(stdout.includes(`--${flag}`));
    for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
  });
}

Deno.test("breccia --help lists every command and fits 80 columns", async () => {
  const { code, stdout } = await call(["--help"]);
  assert.equal(code, 0);
  for (const name of COMMANDS.keys()) assert.match(stdout, new RegExp(`^  ${name} `, "m"));
  for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
});

Deno.test("the commands are listed in the order of the alphabet", () => {
  assert.deepEqual([...COMMANDS.keys()], [...COMMANDS.keys()].sort());
});

Deno.test("wrong usage exits 2 and says what to type: no command, unknown command, flag, operand", async () => {
  assert.equal((await call([])).code, 2);
  for (const words of [["frobnicate"], ["chunk", "--frobnicate"], ["chunk"], ["chunk", "a", "b"]]) {
    const { code, stdout, stderr } = await call(words);
    assert.equal(code, 2, words.join(" "));
    assert.match(stderr, /^error\[usage\]: .+\n$/);
    assert.equal(stdout, "");
  }
});

Deno.test("an error is its code and one sentence on stderr, and a document under --json", async () => {
  const { code, stdout, stderr } = await call(["chunk", "no/such/file", "--json"], { cwd: "/" });
  assert.equal(code, 2);
  assert.match(stderr, /^error\[usage\]: Cannot read \/no\/such\/file: .+\n$/);
  assert.equal(JSON.parse(stdout).error.code, "usage");
});

Deno.test("a defect shows one sentence, and its stack only under BRECCIA_DEBUG", async () => {
  const broken = () => Promise.reject(new TypeError("x is undefined"));
  const commands = COMMANDS as Map<string, () => Promise<never>>;
  commands.set("broken", broken);
  try {
    const plain = await call(["broken"]);
    assert.equal(plain.code, 70);
    assert.equal(plain.stderr.trim().split("\n").length, 1);
    assert.match(plain.stderr, /^error\[internal\]: .*x is undefined/);
    const debug = await call(["broken"], { env: { BRECCIA_DEBUG: "1" } });
    assert.match(debug.stderr, /\n\s+at /);
  } finally {
    commands.delete("broken");
  }
});

Deno.test("a command that was told to stop exits with the code of the reason", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, new Uint8Array(100_000));
  const signal = AbortSignal.abort(new BrecciaError("cancelled", "Stopped by a test"));
  const { code, stderr } = await call(["chunk", path], { signal });
  assert.equal(code, exitCodeOf("cancelled"));
  assert.equal(stderr, "error[cancelled]: Stopped by a test\n");
  await Deno.remove(path);
});
