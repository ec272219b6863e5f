import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { CHROMIUM, testNeedingChromium } from "../portable/chromium.ts";
import { HttpRepository } from "./http_repository.ts";
import { denoSite } from "./http_sites.ts";

testNeedingChromium("Chromium takes an archive as zstd frames, and sees the archive", async () => {
  await using repository = await HttpRepository.create();
  await using site = await denoSite(repository);
  const browser = await chromium.launch(CHROMIUM);
  try {
    const page = await browser.newPage();
    await page.goto(`${site.url}healthz`);
    const seen = await page.evaluate(async () => {
      const answer = await fetch("/targets/hello-1.0.0.tar");
      const bytes = await answer.arrayBuffer();
      const digest = await crypto.subtle.digest("SHA-256", bytes);
      return {
        digest: [...new Uint8Array(digest)],
        sent: Number(answer.headers.get("content-length")),
      };
    });
    assert.equal(
      encodeHex(Uint8Array.from(seen.digest)),
      encodeHex(await sha256(repository.archive)),
    );
    assert.ok(seen.sent < repository.archive.length / 2, `${seen.sent} bytes were sent`);
  } finally {
    await browser.close();
  }
});
