import assert from "node:assert/strict";
import { Miniflare } from "miniflare";
import { chromium } from "playwright-core";
import { bundleSuite } from "./bundle.ts";
import { CHROMIUM, testNeedingChromium } from "./chromium.ts";
import { NODE, testNeedingNode } from "./node.ts";
import type { PortableResult } from "./collector.ts";

let bundling: Promise<string> | undefined;
const suite = (): Promise<string> => bundling ??= bundleSuite();

/** How many tests the suite has in Deno, at least: none may get lost on the way. */
const LEAST_TESTS = 150;

function assertAllPass(results: readonly PortableResult[]): void {
  assert.deepEqual(results.filter(({ error }) => error !== undefined), []);
  assert.ok(results.length >= LEAST_TESTS, `only ${results.length} tests ran`);
}

testNeedingNode(
  "the trust suite passes in Node",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/suite.mjs`, await suite());
      const script = 'import("./suite.mjs").then(async ({ runCollected }) => ' +
        "console.log(JSON.stringify(await runCollected())))";
      const { stdout } = await new Deno.Command(NODE, { args: ["-e", script], cwd: folder })
        .output();
      assertAllPass(JSON.parse(new TextDecoder().decode(stdout)));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("the trust suite passes in workerd", async () => {
  const miniflare = new Miniflare({
    modules: true,
    script: await suite(),
    compatibilityDate: "2026-07-30",
  });
  try {
    const response = await miniflare.dispatchFetch("http://suite.example/");
    assertAllPass(await response.json() as PortableResult[]);
  } finally {
    await miniflare.dispose();
  }
});

testNeedingChromium(
  "the trust suite passes in headless Chromium",
  async () => {
    const script = await suite();
    // WebCrypto needs a secure context: loopback is one.
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      const isScript = new URL(request.url).pathname === "/suite.js";
      const headers = { "content-type": isScript ? "text/javascript" : "text/html" };
      return new Response(isScript ? script : "<!doctype html><title>suite</title>", { headers });
    });
    const browser = await chromium.launch(CHROMIUM);
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${server.addr.port}/`);
      const results = await page.evaluate(
        'import("/suite.js").then(({ runCollected }) => runCollected())',
      );
      assertAllPass(results as PortableResult[]);
    } finally {
      await browser.close();
      await server.shutdown();
    }
  },
);
