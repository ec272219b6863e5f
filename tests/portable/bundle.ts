/** The portable suite as one ES module for any runtime. */
export async function bundleSuite(): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const root = new URL("../../", import.meta.url);
    const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
    const assert = new URL("assert.ts", import.meta.url).href;
    const imports = { ...config.imports, "node:assert/strict": assert };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ imports }));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["bundle", "--quiet", "--no-lock", "--platform", "browser"],
        ...["--config", `${folder}/deno.json`],
        new URL("suite.ts", import.meta.url).pathname,
      ],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
