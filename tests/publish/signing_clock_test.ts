import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { addRelease, signDraft, withdrawRelease } from "../../src/publish/mod.ts";
import { call } from "../cli/call.ts";
import { testNeeding } from "../requirement.ts";
import { MemoryTree } from "./memory_tree.ts";
import { clock, contentsOf, newRepository, roleSigners } from "./repository_fixture.ts";

Deno.test("nothing is staged or signed by hand under a clock from before what is published", async () => {
  const { store } = await newRepository();
  const tree = new MemoryTree({ a: "1" });
  await addRelease(store, { version: "1.0.0", tree }, { clock });
  const before = await contentsOf(store);
  const signers = (await roleSigners()).get("targets") ?? [];
  const past = { now: () => 0 };
  for (
    const run of [
      () => signDraft(store, "targets", { signers }, 0),
      () => withdrawRelease(store, { version: "1.0.0", clock: past }),
      () => addRelease(store, { version: "1.1.0", tree }, { clock: past }),
    ]
  ) {
    await assert.rejects(run(), (error) => isBrecciaError(error, "clock-wrong"));
    assert.deepEqual(await contentsOf(store), before);
  }
});

const FAKETIME = "/usr/bin/faketime";
const faketime = {
  what: "faketime (apt-get install faketime)",
  available: await Deno.stat(FAKETIME).then(() => true, () => false),
};

testNeeding(
  faketime,
  "publish, refresh and inspect under a clock of 1980 name it and write nothing",
  async () => {
    const cwd = await Deno.makeTempDir();
    const path = [Deno.execPath().replace(/\/[^/]*$/, ""), Deno.env.get("PATH")].join(":");
    const in1980 = async (...words: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(FAKETIME, {
        args: [
          "1980-01-01 00:00:00",
          new URL("../../bin/breccia", import.meta.url).pathname,
          ...words,
        ],
        cwd,
        env: { PATH: path, NO_COLOR: "1" },
      }).output();
      return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    };
    try {
      await Deno.writeTextFile(`${cwd}/a`, "a");
      assert.equal((await call(["init", "repo", "--app", "hello"], { cwd })).code, 0);
      assert.equal((await call(["add", "1.0.0", "a", "--repo", "repo"], { cwd })).code, 0);
      const files = () =>
        [...Deno.readDirSync(`${cwd}/repo/metadata`)].map(({ name }) => name).sort();
      const before = [files(), await Deno.readTextFile(`${cwd}/repo/metadata/timestamp.json`)];
      for (const command of ["publish", "refresh"]) {
        const { code, text } = await in1980(command, "--repo", "repo");
        assert.equal(code, 4, text);
        assert.match(text, /^error\[clock-wrong\]: .*1980-01-01/s);
      }
      const { code, text } = await in1980("inspect", "repo");
      assert.equal(code, 0, text);
      assert.match(text, /warning\[clock-wrong\]: .*1980-01-01/s);
      assert.deepEqual(
        [files(), await Deno.readTextFile(`${cwd}/repo/metadata/timestamp.json`)],
        before,
      );
    } finally {
      await Deno.remove(cwd, { recursive: true });
    }
  },
);
