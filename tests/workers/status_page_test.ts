import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { CHROMIUM, testNeedingChromium } from "../portable/chromium.ts";
import { busyEdge } from "./busy_edge.ts";

/** A folder for pictures of the page, for people who change how it looks. */
const PICTURES = Deno.env.get("BRECCIA_PICTURES");

const SHOWN = [
  ...["Ready", "2.0.0", "1.0.0", "Metadata expires", "metadata"],
  ...["Store", "Deduplication", "3 deltas", "Hit rate"],
];

const VIEWS = [
  { name: "phone", width: 360, height: 740 },
  { name: "desk", width: 1280, height: 800 },
] as const;

testNeedingChromium(
  "the status page is whole on a phone and a desk, in light and dark, without scripts",
  async () => {
    const { app } = await busyEdge();
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, app.fetch);
    const browser = await chromium.launch(CHROMIUM);
    try {
      const url = `http://127.0.0.1:${server.addr.port}/`;
      await (await fetch(`${url}metadata/timestamp.json`)).body?.cancel();
      const backgrounds = new Set<string>();
      for (const colorScheme of ["light", "dark"] as const) {
        for (const { name, width, height } of VIEWS) {
          const context = await browser.newContext({
            colorScheme,
            viewport: { width, height },
            javaScriptEnabled: false,
          });
          const page = await context.newPage();
          const trouble: string[] = [];
          page.on("console", (message) => trouble.push(message.text()));
          page.on("requestfailed", (request) => trouble.push(request.url()));
          await page.goto(url);
          const text = await page.locator("body").innerText();
          for (const shown of SHOWN) {
            assert.ok(text.includes(shown), `${name}, ${colorScheme}: no "${shown}" in\n${text}`);
          }
          const box = await page.locator("html").evaluate((html) => ({
            wide: html.scrollWidth,
            background: getComputedStyle(html.ownerDocument.body).backgroundColor +
              getComputedStyle(html).backgroundColor,
          }));
          assert.ok(box.wide <= width, `${name}: ${box.wide} px wide`);
          backgrounds.add(box.background);
          assert.deepEqual(trouble, []);
          const path = `${PICTURES}/${name}-${colorScheme}.png`;
          if (PICTURES) await page.screenshot({ path, fullPage: true });
          await context.close();
        }
      }
      assert.equal(backgrounds.size, 2, "dark looks like light");
    } finally {
      await browser.close();
      await server.shutdown();
    }
  },
);
