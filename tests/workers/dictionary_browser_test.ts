import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { encodeHex } from "../../src/bytes/mod.ts";
import { CHROMIUM, testNeedingChromium } from "../portable/chromium.ts";
import { assetSite, script } from "./web_assets.ts";

testNeedingChromium("Chromium fetches a new version of a script as what changed", async () => {
  const site = await assetSite();
  const sent: { readonly path: string; readonly coding: string | null }[] = [];
  const listening = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(listening, async (request) => {
    const response = await site.app.fetch(request);
    const { pathname: path } = new URL(request.url);
    sent.push({ path, coding: response.headers.get("content-encoding") });
    return response;
  });
  const browser = await chromium.launch(CHROMIUM);
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${server.addr.port}/healthz`);
    const digestOf = async (path: string): Promise<string> =>
      encodeHex(Uint8Array.from(
        await page.evaluate(async (path) => {
          const bytes = await (await fetch(path)).arrayBuffer();
          return [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))];
        }, path),
      ));
    for (const version of [1, 2, 3]) {
      const asset = await site.publish(script(version));
      assert.equal(await digestOf(asset.path), encodeHex(asset.sha256));
      const coding = sent.findLast(({ path }) => path === asset.path)?.coding;
      assert.equal(coding, version === 1 ? null : "dcz", `version ${version}`);
    }
    const last = await site.publish(script(4));
    const ran = await page.evaluate(async (path) => (await import(path)).f7(0), last.path);
    assert.equal(ran, 4, "it runs");
    assert.equal(sent.at(-1)?.coding, "dcz");
  } finally {
    await browser.close();
    await server.shutdown();
  }
});
