import assert from "node:assert/strict";
import { clientOf } from "../../workers/http/client_address.ts";
import { ClientLimits, type ClientLimitSettings } from "../../workers/http/client_limits.ts";

function limited(settings: ClientLimitSettings) {
  let now = 1_000_000;
  const told: unknown[] = [];
  const limits = new ClientLimits(settings, {
    clock: { now: () => now },
    log: (_level, event, fields) => told.push([event, fields?.["client"]]),
  });
  const ask = (
    address: string,
    headers: Record<string, string> = {},
    ended: Promise<unknown> = Promise.resolve(),
  ) => {
    const request = new Request("http://edge.test/", { headers });
    const answer = () => new Response("body");
    return limits.answer(request, { address, ended: () => ended }, answer);
  };
  return { ask, told, wait: (seconds: number) => now += seconds * 1000 };
}

Deno.test("a client may ask ten seconds' worth at once, then at its rate, and is told when", async () => {
  const { ask, wait } = limited({ rate: 2 });
  for (let asked = 0; asked < 20; asked++) assert.equal((await ask("192.0.2.1")).status, 200);
  const refused = await ask("192.0.2.1");
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("retry-after"), "1");
  assert.equal(refused.headers.get("cache-control"), "no-store");
  assert.equal(refused.headers.get("breccia-edge"), "1");
  assert.equal(await refused.text(), "");
  assert.equal((await ask("192.0.2.2")).status, 200, "another client");
  wait(1);
  const statuses = [];
  for (let asked = 0; asked < 3; asked++) statuses.push((await ask("192.0.2.1")).status);
  assert.deepEqual(statuses, [200, 200, 429]);
  wait(-3600);
  assert.equal((await ask("192.0.2.1")).status, 429, "a clock that was set back gives nothing");
});

Deno.test("answers are under way until they have left, or their connections are gone", async () => {
  const { ask } = limited({ answers: 2 });
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  for (const { promise } of [first, second]) {
    const answer = await ask("192.0.2.1", {}, promise);
    assert.equal(await answer.text(), "body", "that the body was read here says nothing");
  }
  assert.equal((await ask("192.0.2.1")).status, 429);
  assert.equal((await ask("192.0.2.2")).status, 200);
  first.resolve();
  await first.promise;
  assert.equal((await ask("192.0.2.1")).status, 200);
  second.reject(new Error("connection reset"));
  await second.promise.catch(() => {});
  for (let asked = 0; asked < 5; asked++) assert.equal((await ask("192.0.2.1")).status, 200);
});

Deno.test("the log is told of a client that is refused, once in a minute", async () => {
  const { ask, told, wait } = limited({ rate: 1 });
  const flood = async (): Promise<void> => {
    for (let asked = 0; asked < 30; asked++) await ask("192.0.2.1");
  };
  await flood();
  await flood();
  assert.deepEqual(told, [["client refused", "192.0.2.1"]]);
  wait(60);
  await flood();
  assert.equal(told.length, 2);
});

Deno.test("a forged X-Forwarded-For makes no other client, unless proxies are said to be there", async () => {
  const { ask } = limited({ rate: 1 });
  for (let asked = 0; asked < 10; asked++) {
    await ask("192.0.2.1", { "x-forwarded-for": `198.51.100.${asked}` });
  }
  const forged = { "x-forwarded-for": "198.51.100.77" };
  assert.equal((await ask("192.0.2.1", forged)).status, 429);

  const behind = limited({ rate: 1, proxies: 1 });
  for (let asked = 0; asked < 10; asked++) {
    await behind.ask("10.0.0.1", { "x-forwarded-for": `198.51.100.${asked}, 203.0.113.5` });
  }
  const again = { "x-forwarded-for": "198.51.100.77, 203.0.113.5" };
  assert.equal((await behind.ask("10.0.0.1", again)).status, 429, "what the proxy saw counts");
  const other = { "x-forwarded-for": "203.0.113.6" };
  assert.equal((await behind.ask("10.0.0.1", other)).status, 200);
});

Deno.test("an IPv6 client is its /64, and an IPv4 client itself, however they are written", () => {
  const cases: [string, string][] = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::9%eth0", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"],
    ["unknown", "unknown"],
    ["", ""],
  ];
  for (const [address, client] of cases) {
    assert.equal(clientOf(new Headers(), address, 0), client, address);
  }
  const hops = (list: string) => new Headers({ "x-forwarded-for": list });
  assert.equal(clientOf(hops("a, b, c"), "peer", 2), "b");
  assert.equal(clientOf(hops("c"), "peer", 2), "peer", "fewer hops than proxies: none is believed");
  assert.equal(clientOf(hops(" , "), "peer", 1), "peer");
  assert.equal(clientOf(hops("9".repeat(10_000)), "peer", 1), "peer", "no address is that long");
});

Deno.test("a hundred thousand clients are not all remembered", async () => {
  const { ask } = limited({ rate: 1 });
  for (let asked = 0; asked < 11; asked++) await ask("192.0.2.1");
  for (let number = 0; number < 70_000; number++) await ask(`client-${number}`);
  assert.equal((await ask("192.0.2.1")).status, 200, "it was forgotten");
});
