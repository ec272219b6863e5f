import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { RETRY_LIMITS } from "../../src/limits.ts";
import type { Fetch } from "../../src/ports/mod.ts";
import { publishedRepository, update, withDevice } from "./device.ts";
import { staticHost } from "./static_host.ts";

const { store, root, publishNext } = await publishedRepository();
await publishNext();

/** A host of which the network takes `count` requests below `part`, each in the way of `fail`. */
function failing(
  part: string,
  count: number,
  fail: () => Response,
): Fetch & { failures: number; most: () => number } {
  const honest = staticHost(store);
  const asked = new Map<string, number>();
  const host = (request: Request): Response | Promise<Response> => {
    if (!request.url.includes(part) || host.failures >= count) return honest(request);
    host.failures++;
    const what = `${request.url} ${request.headers.get("range")}`;
    asked.set(what, (asked.get(what) ?? 0) + 1);
    return fail();
  };
  host.failures = 0;
  /** How often the request was sent that was sent most. */
  host.most = () => Math.max(...asked.values());
  return host;
}

const FAILURES: readonly (readonly [string, () => Response])[] = [
  ["a connection that is refused", () => {
    throw new TypeError("connection refused");
  }],
  ["a gateway whose server restarts", () => new Response(null, { status: 502 })],
  ["a server that is busy", () => new Response(null, { status: 503 })],
];

for (const [what, fail] of FAILURES) {
  for (const part of ["metadata/2.snapshot", ".index", "packs/"]) {
    Deno.test(`${what} for ${part} is tried again, and the update comes`, async () => {
      await withDevice(root, async (device) => {
        const host = failing(part, RETRY_LIMITS.tries - 1, fail);
        assert.equal(await update(device, host), "1.1.0");
      });
    });
  }
}

Deno.test("tries end: a host that stays down is left, by its name, and nothing is installed", async () => {
  await withDevice(root, async (device) => {
    const host = failing("packs/", Infinity, () => new Response(null, { status: 503 }));
    await assert.rejects(update(device, host), (error) => isBrecciaError(error, "http-status"));
    assert.equal(host.most(), RETRY_LIMITS.tries);
    assert.equal(await device.target.pointer(), undefined);
  });
});

Deno.test("who can reach nothing at all is told at once", async () => {
  await withDevice(root, async (device) => {
    let asked = 0;
    const dead = () => {
      asked++;
      return Promise.reject(new TypeError("connection refused"));
    };
    await assert.rejects(
      (await device.updater(dead)).check(),
      (error) => isBrecciaError(error, "offline"),
    );
    assert.equal(asked, 1);
  });
});

Deno.test("what is absent or wrong is not asked for again", async () => {
  for (const status of [404, 500]) {
    await withDevice(root, async (device) => {
      const host = failing("packs/", Infinity, () => new Response(null, { status }));
      await assert.rejects(update(device, host), isBrecciaError);
      assert.equal(host.most(), 1);
    });
  }
});
