import assert from "node:assert/strict";
import { call } from "./call.ts";

Deno.test("a store that is none is wrong usage in one sentence, which shows no secret", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const root = `${folder}/root.json`;
    await Deno.writeTextFile(root, "{}");
    const stores = [
      ...["fs:", "ftp://user:hush@host/", "s3://b/%hush", "s3:hush"],
      ...["s3://b?endpoint=http://user:hush@host", "s3://b?region=x@hush.test"],
    ];
    for (const store of stores) {
      for (const command of ["edge", "mirror"]) {
        const flags = ["--upstream", "http://127.0.0.1:9/", "--root", root, "--store", store];
        const { code, stderr } = await call([command, ...flags], { cwd: folder });
        assert.equal(code, 2, `${command} ${store}: ${stderr}`);
        assert.match(stderr, /^error\[usage\]: [^\n]+\n$/);
        assert.doesNotMatch(stderr, /hush/);
      }
    }
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), [
      "root.json",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
