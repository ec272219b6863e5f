import assert from "node:assert/strict";
import { hasUnseen } from "../../src/bytes/mod.ts";
import { formatTable, Output } from "../../src/cli/output.ts";
import { call } from "./call.ts";

const HOSTILE = "evil\x1b]0;owned\x07\u202ecod.exe\u200b";

Deno.test("names from outside steer no terminal: not in results, logs, progress, tables or errors", async () => {
  let said = "";
  const write = (text: string) => said += text;
  const output = new Output({
    ...{ stdout: write, stderr: write, json: false, quiet: false, terminal: true },
  });
  output.print(HOSTILE);
  output.log(HOSTILE);
  output.print(formatTable([[HOSTILE, 1], ["two\nlines", 2]]));
  assert.ok(said.split("\n").every((line) => !hasUnseen(line)), JSON.stringify(said));
  assert.equal(said.trimEnd().split("\n").length, 4, "a name with a line feed fakes no line");
  said = "";
  output.progress(HOSTILE);
  assert.ok(!hasUnseen(said.replace("\r\x1b[2K", "")));

  for (const words of [[HOSTILE], ["check", `--${HOSTILE}`], ["check", "--at", HOSTILE, HOSTILE]]) {
    const { code, stderr } = await call(words);
    assert.equal(code, 2);
    assert.match(stderr, /^error\[usage\]: [^\n]+\n$/);
    assert.ok(!hasUnseen(stderr.trimEnd()), JSON.stringify(stderr));
  }
});

Deno.test("under --json the same names are whole, as escapes", () => {
  let said = "";
  const write = (text: string) => said += text;
  new Output({ stdout: write, stderr: write, json: true, quiet: false, terminal: true })
    .document({ name: HOSTILE });
  assert.ok(!hasUnseen(said.trimEnd()));
  assert.deepEqual(JSON.parse(said), { name: HOSTILE });
});

Deno.test("breccia add warns of a name that can't be read as it is", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/tree`);
    await Deno.writeTextFile(`${folder}/tree/invoice\u202efdp.sh`, "x");
    await Deno.writeTextFile(`${folder}/tree/plain`, "x");
    const at = { cwd: folder };
    assert.equal((await call(["init", "repo", "--app", "demo", "--yes"], at)).code, 0);
    const { code, stderr } = await call(["add", "1.0.0", "tree", "--repo", "repo"], at);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^warning\[unseen-characters\]: .*invoice\\u\{202e\}fdp\.sh/m);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
