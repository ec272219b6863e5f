import * as wasm from "@bokuweb/zstd-wasm";
import assert from "node:assert/strict";
import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { silentLog } from "../../src/ports/mod.ts";
import { DictionaryRules } from "../../workers/http/dictionary_rules.ts";
import { createSite } from "../../workers/status/site.ts";
import { bodyOf } from "../mirror/edge_fixture.ts";
import { noise } from "../publish/memory_tree.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { type Asset, assetSite, assetSiteOf, script, withDictionary } from "./web_assets.ts";

// A decoder of another make than the one under test.
await wasm.init();

const DCZ_HEADER_BYTES = 40;
const HOUR = 3_600_000;

/** What a browser makes of a `dcz` body (RFC 9842, section 4). */
function decodeDcz(body: Uint8Array, dictionary: Asset): Uint8Array {
  const header = "5e2a4d1820000000" + encodeHex(dictionary.sha256);
  assert.equal(encodeHex(body.subarray(0, DCZ_HEADER_BYTES)), header);
  const context = wasm.createDCtx();
  return wasm.decompressUsingDict(context, body.subarray(DCZ_HEADER_BYTES), dictionary.bytes);
}

/** Asserts that the plain file came. */
async function assertPlain(response: Response, asset: Asset): Promise<void> {
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-encoding"), null);
  assert.equal(response.headers.get("etag"), `"${encodeHex(asset.sha256)}"`);
  assert.match(response.headers.get("vary") ?? "", /accept-encoding, available-dictionary/);
  assert.deepEqual(await bodyOf(response), asset.bytes);
}

Deno.test("a client that has the version before gets a new one as what changed", async () => {
  const site = await assetSite();
  const old = await site.publish(script(1));
  const first = await site.get(old.path, { "accept-encoding": "gzip, dcz" });
  const { headers } = first;
  assert.equal(headers.get("use-as-dictionary"), 'match="/targets/app/*main.js"');
  assert.equal(headers.get("content-type"), "text/javascript; charset=utf-8");
  assert.match(headers.get("cache-control") ?? "", /immutable/);
  await assertPlain(first, old);

  const next = await site.publish(script(2));
  const response = await site.get(next.path, withDictionary(old.sha256));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-encoding"), "dcz");
  assert.equal(response.headers.get("use-as-dictionary"), 'match="/targets/app/*main.js"');
  const body = await bodyOf(response);
  assert.equal(response.headers.get("content-length"), String(body.length));
  assert.ok(body.length < next.bytes.length / 100, `${body.length} bytes`);
  assert.deepEqual(decodeDcz(body, old), next.bytes);

  const etag = response.headers.get("etag") as string;
  const again = { ...withDictionary(old.sha256), "if-none-match": etag };
  assert.equal((await site.get(next.path, again)).status, 304);
  const range = { ...withDictionary(old.sha256), range: "bytes=1-3" };
  assert.deepEqual(await bodyOf(await site.get(next.path, range)), next.bytes.slice(1, 4));
});

Deno.test("a hundred clients with the same dictionary wait for one form, which is kept", async () => {
  const site = await assetSite();
  const old = await site.publish(script(1));
  const next = await site.publish(script(2));
  const ask = () => site.get(next.path, withDictionary(old.sha256));
  const answers = await Promise.all(Array.from({ length: 100 }, ask));
  for (const answer of answers) assert.equal(answer.headers.get("content-encoding"), "dcz");
  const forms = (await Array.fromAsync(site.store.list("targets/")))
    .filter(({ key }) => key.endsWith(".dcz"));
  assert.equal(forms.length, 1);
  const kept = forms[0]?.key as string;
  const bytes = (await site.store.get(kept))?.bytes as Uint8Array<ArrayBuffer>;
  bytes[60]! ^= 1;
  await site.store.put(kept, bytes);
  assert.deepEqual(
    decodeDcz(await bodyOf(await ask()), old),
    next.bytes,
    "a flipped bit is mended",
  );
});

Deno.test("a form is swept like what nothing needs, and made again when it is asked for", async () => {
  let now = NOW;
  const site = await assetSite({ clock: { now: () => now } });
  const old = await site.publish(script(1));
  const next = await site.publish(script(2));
  const ask = async () => decodeDcz(await bodyOf(await site.get(next.path, offer)), old);
  const offer = withDictionary(old.sha256);
  assert.deepEqual(await ask(), next.bytes);
  assert.deepEqual((await site.maintain({ grace: HOUR })).damaged, [], "a form is sound as it is");
  now += HOUR;
  await site.maintain({ grace: HOUR });
  const left = (await Array.fromAsync(site.store.list("targets/"))).map(({ key }) => key);
  assert.deepEqual(left, [`targets/${encodeHex(next.sha256)}`], "the old version went, too");
  await assertPlain(await site.get(next.path, offer), next);
  await site.store.put(`targets/${encodeHex(old.sha256)}`, old.bytes);
  assert.deepEqual(await ask(), next.bytes);
});

Deno.test("clients who name ever other pairs get the plain file after a hundred forms in an hour", async () => {
  let now = NOW;
  const site = await assetSite({ clock: { now: () => now } });
  const scripts = Array.from({ length: 104 }, (_, number) => script(number));
  const paths = scripts.map((bytes, number) => [`app/${number}/main.js`, bytes] as const);
  await site.origin.publish(Object.fromEntries(paths));
  await site.edge.refresh();
  const versions = await Promise.all(scripts.map(sha256));
  const next = versions.pop() as Uint8Array;
  const codingFor = async (old: Uint8Array): Promise<string | null> => {
    const path = `/targets/app/103/${encodeHex(next)}.main.js`;
    const response = await site.get(path, withDictionary(old));
    await response.body?.cancel();
    return response.headers.get("content-encoding");
  };
  const codings: (string | null)[] = [];
  for (const old of versions) codings.push(await codingFor(old));
  assert.deepEqual(codings, [...Array(100).fill("dcz"), null, null, null]);
  now += HOUR;
  assert.equal(await codingFor(versions.at(-1) as Uint8Array), "dcz");
});

Deno.test("a dictionary that nobody has, or that is no dictionary, gets the plain file", async () => {
  const site = await assetSite();
  const old = await site.publish(script(1));
  const next = await site.publish(script(2));
  const base64 = old.sha256.toBase64();
  const offers = [
    `:${new Uint8Array(32).fill(7).toBase64()}:`,
    `:${next.sha256.toBase64()}:`,
    ...["", ":", "::", ":=:", base64, `:${base64}`, `${base64}:`, `"${base64}"`, `:${base64}:x`],
    ...[`:${base64.slice(4)}:`, `:AAAA${base64}:`, `:${base64.replace(/^./, "!")}:`, "?1", "1.0"],
    ...[`:${base64}:, :${base64}:`, `:${"A".repeat(10_000)}:`, `: ${base64}:`],
  ];
  for (const offer of offers) {
    const headers = { "accept-encoding": "dcz", "available-dictionary": offer };
    await assertPlain(await site.get(next.path, headers), next);
  }
  const hex = encodeHex(old.sha256);
  await site.store.put(`targets/${hex}`, script(3));
  const lying = await site.get(next.path, withDictionary(old.sha256));
  await assertPlain(lying, next);
});

Deno.test("clients that don't take dcz, other paths and what shares nothing are served plainly", async () => {
  const site = await assetSite();
  const old = await site.publish(script(1));
  const next = await site.publish(script(2));
  const offer = withDictionary(old.sha256);
  for (const codings of ["gzip, br", "zstd", "dcz;q=0", "identity, dcz;q=0.5", ""]) {
    await assertPlain(await site.get(next.path, { ...offer, "accept-encoding": codings }), next);
  }
  const byName = await site.get("/targets/app/main.js", offer);
  assert.equal(byName.headers.get("content-encoding"), "dcz");
  assert.equal(byName.headers.get("use-as-dictionary"), null, "fresh for seconds only");

  const strange = await site.publish(noise(90_000, 4) as Uint8Array<ArrayBuffer>);
  await assertPlain(await site.get(strange.path, offer), strange);
  const long = await site.publish(noise(3_200_000, 4) as Uint8Array<ArrayBuffer>);
  await assertPlain(await site.get(long.path, offer), long);
  const forms = (await Array.fromAsync(site.store.list("targets/")))
    .filter(({ key }) => key.endsWith(".dcz"));
  assert.equal(forms.length, 1, "only what saves is kept");
});

Deno.test("a dictionary that zstd would take for a trained one is none", async () => {
  const site = await assetSite();
  const trained = script(1);
  trained.set([0x37, 0xa4, 0x30, 0xec]);
  const old = await site.publish(trained);
  const next = await site.publish(script(2));
  await assertPlain(await site.get(next.path, withDictionary(old.sha256)), next);
});

Deno.test("an edge that restarts still knows which version was before", async () => {
  const first = await assetSite();
  const old = await first.publish(script(1));
  const next = await first.publish(script(2));
  const { origin, store } = first;
  const again = await assetSiteOf(origin, { store });
  const response = await again.get(next.path, withDictionary(old.sha256));
  assert.deepEqual(decodeDcz(await bodyOf(response), old), next.bytes);
});

Deno.test("a file of another upstream in the same store is no dictionary, also of a form that is there", async () => {
  const theirs = await assetSite({ name: "theirs" });
  const { store } = theirs;
  const ours = await assetSite({ store, name: "ours" });
  const secret = await theirs.publish(script(1));
  const next = await theirs.publish(script(2));
  const guess = await ours.publish(script(2));
  // Theirs makes the form for its own clients, and the store keeps it.
  const own = await theirs.get(next.path, withDictionary(secret.sha256));
  assert.equal(own.headers.get("content-encoding"), "dcz");
  await bodyOf(own);
  await assertPlain(await ours.get(guess.path, withDictionary(secret.sha256)), guess);
  const other = await ours.publish(script(3));
  await assertPlain(await ours.get(other.path, withDictionary(secret.sha256)), other);
  const licensed = await ours.get(other.path, withDictionary(guess.sha256));
  assert.deepEqual(decodeDcz(await bodyOf(licensed), guess), other.bytes);
});

Deno.test("below a prefix, the pattern that a browser is told has the prefix", async () => {
  const site = await assetSite();
  const old = await site.publish(script(1));
  const dictionaries = new DictionaryRules(["app/*main.js"]);
  const mounted = { edge: site.edge, log: silentLog, dictionaries, prefix: "/one" };
  const request = new Request(`http://edge.test/one${old.path}`);
  const { headers } = await createSite([mounted]).fetch(request);
  assert.equal(headers.get("use-as-dictionary"), 'match="/one/targets/app/*main.js"');
});

Deno.test("patterns match by their wildcards, and those that mean more to a browser are refused", () => {
  const rules = new DictionaryRules(["app/*main.js", "wasm/*/a*b", "one.css"]);
  const cases: [string, string | undefined][] = [
    ["app/main.js", "app/*main.js"],
    ["app/00.main.js", "app/*main.js"],
    ["app/v2/x/main.js", "app/*main.js"],
    ["app/main.js.map", undefined],
    ["xapp/main.js", undefined],
    ["wasm/1/ab", "wasm/*/a*b"],
    ["wasm/1/aXb/ab", "wasm/*/a*b"],
    ["wasm//b", undefined],
    ["one.css", "one.css"],
    ["one.css2", undefined],
  ];
  for (const [path, pattern] of cases) assert.equal(rules.patternOf(path), pattern, path);
  const bad = [
    "",
    "/app/*",
    'a"b',
    "a:b",
    "a(b)",
    "{a}",
    "a?b",
    "a+b",
    "a\\b",
    "a b",
    "*".repeat(9),
  ];
  for (const pattern of bad) assert.throws(() => new DictionaryRules([pattern]), { code: "usage" });
});
