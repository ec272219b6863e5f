import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);

function* documents(folder: URL): Generator<URL> {
  for (const entry of Deno.readDirSync(folder)) {
    if (/^(\.|node_modules$|dist$|results$)/.test(entry.name)) continue;
    const url = new URL(entry.isDirectory ? `${entry.name}/` : entry.name, folder);
    if (entry.isDirectory) yield* documents(url);
    else if (entry.name.endsWith(".md")) yield url;
  }
}

Deno.test("every relative link in the documents leads to a file that is there", () => {
  const broken: string[] = [];
  let links = 0;
  for (const document of documents(ROOT)) {
    for (const [, link] of Deno.readTextFileSync(document).matchAll(/\]\(([^)#\s]+)/g)) {
      if (/^[a-z]+:/.test(link as string)) continue;
      links++;
      try {
        Deno.statSync(new URL(link as string, document));
      } catch {
        broken.push(`${document.pathname.slice(ROOT.pathname.length)} links to ${link}`);
      }
    }
  }
  assert.ok(links > 30, "links were read");
  assert.deepEqual(broken, []);
});
