import assert from "node:assert/strict";
import { type Browser, chromium } from "playwright-core";
import { measureStore } from "../../src/mirror/mod.ts";
import { silentLog } from "../../src/ports/mod.ts";
import type { EdgeApp } from "../../workers/http/app.ts";
import { createSite } from "../../workers/status/site.ts";
import { CHROMIUM, testNeedingChromium } from "../portable/chromium.ts";
import { clock } from "../publish/repository_fixture.ts";
import { busyEdge } from "./busy_edge.ts";

/** A folder for pictures of the page, for people who change how it looks. */
const PICTURES = Deno.env.get("BRECCIA_PICTURES");

const VIEWS = [
  { name: "phone", width: 360, height: 740 },
  { name: "desk", width: 1280, height: 800 },
] as const;

interface ShownPage {
  readonly name: string;
  readonly app: EdgeApp;
  /** What stands in it. */
  readonly shown: readonly string[];
}

/** The page of an edge that is well, and of one with two upstreams, of which one is gone. */
async function pages(): Promise<ShownPage[]> {
  const well = await busyEdge();
  const ill = await busyEdge({ name: "apps" });
  ill.origin.lie = () => Promise.reject(new TypeError("connection refused"));
  await ill.edge.refresh().catch(() => {});
  const upstreams = [well, ill].map(({ edge }, at) => ({
    edge,
    prefix: ["/", "/apps"][at]!,
    log: silentLog,
  }));
  const size = await measureStore(well.store, clock.now());
  const of = ["Metadata expires", "Store", "Deduplication", "3 deltas", "Hit rate"];
  return [
    { name: "edge", app: well.app, shown: [...of, "Ready", "2.0.0", "1.0.0", "metadata"] },
    {
      name: "site",
      app: createSite(upstreams, { clock, storeSize: () => size }),
      shown: ["2 of 2 upstreams ready", "connection refused", "served at /apps"],
    },
  ];
}

testNeedingChromium(
  "the pages for people are whole on a phone and a desk, in light and dark, without scripts",
  async () => {
    const browser = await chromium.launch(CHROMIUM);
    try {
      for (const page of await pages()) {
        const server = Deno.serve(
          { hostname: "127.0.0.1", port: 0, onListen: () => {} },
          (request) => page.app.fetch(request),
        );
        try {
          await look(browser, page, `http://127.0.0.1:${server.addr.port}/`);
        } finally {
          await server.shutdown();
        }
      }
    } finally {
      await browser.close();
    }
  },
);

async function look(browser: Browser, { name, shown }: ShownPage, url: string): Promise<void> {
  await (await fetch(`${url}metadata/timestamp.json`)).body?.cancel();
  const backgrounds = new Set<string>();
  for (const colorScheme of ["light", "dark"] as const) {
    for (const { name: view, width, height } of VIEWS) {
      const told = `${name}-${view}-${colorScheme}`;
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
      for (const part of shown) assert.ok(text.includes(part), `${told}: no "${part}" in\n${text}`);
      const box = await page.locator("html").evaluate((html) => ({
        wide: html.scrollWidth,
        background: getComputedStyle(html.ownerDocument.body).backgroundColor +
          getComputedStyle(html).backgroundColor,
      }));
      assert.ok(box.wide <= width, `${told}: ${box.wide} px wide`);
      backgrounds.add(box.background);
      assert.deepEqual(trouble, []);
      if (PICTURES) await page.screenshot({ path: `${PICTURES}/${told}.png`, fullPage: true });
      await context.close();
    }
  }
  assert.equal(backgrounds.size, 2, "dark looks like light");
}
