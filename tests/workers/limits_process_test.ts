import assert from "node:assert/strict";
import { testNeedingNode } from "../portable/node.ts";
import { HttpRepository } from "./http_repository.ts";
import { denoSite, nodeSite } from "./http_sites.ts";
import type { HttpSite } from "./http_suite.ts";

const LIMITED = ["--per-ip-rate", "1", "--per-ip-answers", "50", "--proxies", "1"];

/** Asks more than ten seconds' worth as one client, and once as another. */
async function checkLimits({ ask }: HttpSite): Promise<void> {
  const from = (client: string) => ({ "x-forwarded-for": `198.51.100.9, ${client}` });
  const target = "/metadata/timestamp.json";
  const statuses: number[] = [];
  for (let asked = 0; asked < 40; asked++) {
    statuses.push((await ask({ target, headers: from("203.0.113.1") })).status);
  }
  assert.deepEqual(statuses.slice(0, 10), Array(10).fill(200));
  assert.ok(statuses.includes(429), "the eleventh and later ones wait");
  assert.equal((await ask({ target, headers: from("203.0.113.2") })).status, 200);
  for (let asked = 0; asked < 40; asked++) {
    const target = ["/healthz", "/readyz", "/metrics"][asked % 3]!;
    const { status } = await ask({ target, headers: from("203.0.113.1") });
    assert.equal(status, 200, `${target}: a supervisor that is refused takes the edge for dead`);
  }
}

Deno.test("breccia edge bounds what one client asks, and believes the proxy in front", async () => {
  await using repository = await HttpRepository.create();
  await using site = await denoSite(repository, LIMITED);
  await checkLimits(site);
});

testNeedingNode("the edge on Node bounds what one client asks", async () => {
  await using repository = await HttpRepository.create();
  await using site = await nodeSite(repository, LIMITED);
  await checkLimits(site);
});
