import assert from "node:assert/strict";
import { gzip } from "pako";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { decodeHint, encodeHint, type HintIndex } from "../../src/archive/mod.ts";
import { concatBytes, encodeHex, equalBytes, sha256 } from "../../src/bytes/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { downloadTarget, type TargetDownloadOptions } from "../../src/client/mod.ts";
import type { FileSink } from "../../src/ports/mod.ts";
import { MemoryAccess } from "../../src/delta/mod.ts";
import { zipFile } from "../archive/zip_file.ts";
import { bodyOf, edgeOf, PATIENT } from "../mirror/edge_fixture.ts";
import { ForeignOrigin } from "../mirror/foreign_fixture.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";
import { clock } from "../publish/repository_fixture.ts";

/** Twelve files of text; one is what `changed` says. */
function texts(changed: number): Record<string, Uint8Array> {
  const files = Array.from({ length: 12 }, (_, i) => {
    const bytes = pseudoRandomBytes(100_000, i === 5 ? changed : i + 1);
    return [`src/${i}.txt`, bytes.map((byte) => 97 + byte % 12)] as const;
  });
  return Object.fromEntries(files);
}

const flat = (changed: number) => concatBytes(Object.values(texts(changed)));

const KINDS:
  readonly (readonly [kind: string, make: (changed: number) => Uint8Array<ArrayBuffer>])[] = [
    ["app.bin", flat],
    ["app.tar.gz", (changed) => gzip(flat(changed), { level: 6, legacyHash: true })],
    ["app.whl", (changed) => zipFile(texts(changed))],
  ];

/** A sink in memory. */
class MemorySink implements FileSink {
  parts: Uint8Array[] = [];
  restarts = 0;

  restart(): Promise<void> {
    this.parts = [];
    this.restarts++;
    return Promise.resolve();
  }

  write(bytes: Uint8Array): Promise<void> {
    this.parts.push(bytes.slice());
    return Promise.resolve();
  }

  get bytes(): Uint8Array {
    return concatBytes(this.parts);
  }
}

type Lie = (path: string, response: Response) => Response | Promise<Response>;

/** Downloads `name` from an edge of a repository that has it. */
async function download(
  name: string,
  published: Uint8Array<ArrayBuffer>,
  seeds: readonly Uint8Array[],
  lie: Lie = (_path, response) => response,
) {
  const origin = await ForeignOrigin.create({ [name]: published });
  const { edge, app } = await edgeOf(origin, {}, PATIENT);
  await edge.refresh();
  const requests: string[] = [];
  const options: TargetDownloadOptions = {
    root: await origin.root(),
    mirrors: ["http://edge.test/"],
    cache: new MemoryStore(),
    target: name,
    seeds: seeds.map((bytes) => new MemoryAccess(bytes)),
    clock,
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      requests.push(pathname);
      return await lie(pathname, await app.fetch(request));
    },
  };
  const sink = new MemorySink();
  return { sink, requests, options, run: () => downloadTarget(options, sink) };
}

for (const [name, make] of KINDS) {
  Deno.test(`${name}: only what changed since the old version travels, and it comes byte for byte`, async () => {
    const { sink, requests, run } = await download(name, make(200), [make(100)]);
    const done = await run();
    assert.ok(equalBytes(sink.bytes, make(200)));
    assert.equal(done.way, "chunks");
    assert.ok(done.transferred < 0.3 * done.bytes, `${done.transferred} of ${done.bytes}`);
    assert.equal(done.saved, done.bytes - done.transferred);
    assert.deepEqual(done.reasons, []);
    assert.equal(requests.filter((path) => path === "/chunks").length, 1, "one batch");
    assert.ok(!requests.some((path) => path.startsWith("/targets/")));
  });
}

const GZ = KINDS[1]![1];
const [OLD, NEW] = [GZ(100), GZ(200)];

/** Lies in the hint index; the edge's own is at hand. */
const hinting =
  (change: (hint: HintIndex) => HintIndex | Promise<HintIndex>): Lie => async (path, response) => {
    if (!path.startsWith("/hints/")) return response;
    return new Response(
      await encodeHint(await change(await decodeHint(await bodyOf(response)))),
      response,
    );
  };

/** Lies in the body of one kind of answer. */
const answering =
  (prefix: string, change: (bytes: Uint8Array<ArrayBuffer>) => BodyInit): Lie =>
  async (path, response) =>
    path.startsWith(prefix) ? new Response(change(await bodyOf(response)), response) : response;

const flip = (bytes: Uint8Array<ArrayBuffer>) => {
  bytes[bytes.length >> 1]! ^= 1;
  return bytes;
};

const endless = () =>
  new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65536)) });

const LIES: readonly (readonly [what: string, lie: Lie])[] = [
  ["a hint index that is garbage", answering("/hints/", () => pseudoRandomBytes(5000, 1))],
  ["a hint index with a flipped bit", answering("/hints/", flip)],
  ["a hint index cut short", answering("/hints/", (bytes) => bytes.slice(0, 100))],
  ["a hint index without end", answering("/hints/", endless)],
  [
    "a hint index for another file",
    hinting((hint) => ({ ...hint, fileSha256: new Uint8Array(32) })),
  ],
  [
    "a hint index that makes another file",
    hinting(({ recipe, ...hint }) => {
      const steps = recipe.steps.map((step) =>
        step.kind === "deflate" ? { ...step, settings: { ...step.settings, level: 1 } } : step
      );
      return { ...hint, recipe: { ...recipe, steps } };
    }),
  ],
  [
    "a hint index of the old file, renamed",
    async (path, response) => {
      if (!path.startsWith("/hints/")) return response;
      const hint = await decodeHint(await bodyOf(response));
      return new Response(await encodeHint({ ...await hintOf(OLD), ...sizesOf(hint) }), response);
    },
  ],
  ["chunks that are others", answering("/chunks", flip)],
  ["chunks cut short", answering("/chunks", (bytes) => bytes.slice(0, 99))],
  [
    "no chunks at all",
    (path, response) => path === "/chunks" ? new Response(null, { status: 500 }) : response,
  ],
];

/** What names a file in a hint index. */
const sizesOf = ({ fileBytes, fileSha256, blocks }: HintIndex) => ({
  fileBytes,
  fileSha256,
  blocks,
});

async function hintOf(bytes: Uint8Array<ArrayBuffer>): Promise<HintIndex> {
  const origin = await ForeignOrigin.create({ "old.tar.gz": bytes });
  const { edge, get } = await edgeOf(origin, {}, PATIENT);
  await edge.refresh();
  return await decodeHint(await bodyOf(await get(`/hints/${encodeHex(await sha256(bytes))}`)));
}

for (const [what, lie] of LIES) {
  Deno.test(`an edge that sends ${what} costs bytes: the signed file comes all the same`, async () => {
    const { sink, run, requests } = await download("app.tar.gz", NEW, [OLD], lie);
    const done = await run();
    assert.ok(equalBytes(sink.bytes, NEW));
    assert.equal(done.way, "whole");
    assert.equal(done.reasons.length, 1, "and says why");
    assert.ok(done.transferred < 2.5 * NEW.length, "bounded");
    assert.ok(requests.some((path) => path.startsWith("/targets/")));
  });
}

Deno.test("an edge that lies in everything is refused by name", async () => {
  const lie: Lie = async (path, response) =>
    /^\/(hints|chunks|targets)/.test(path)
      ? new Response(flip(await bodyOf(response)), response)
      : response;
  const { run } = await download("app.tar.gz", NEW, [OLD], lie);
  await assert.rejects(run(), { code: "target-mismatch" });
});

Deno.test("old files that are lies themselves cost bytes and nothing else", async () => {
  const { sink, options } = await download("app.tar.gz", NEW, []);
  const old = new MemoryAccess(OLD.slice());
  const torn = {
    size: old.size,
    reads: 0,
    async read(offset: number, into: Uint8Array) {
      await old.read(offset, into);
      if (offset === 0 && ++this.reads > 2) old.bytes.fill(0, 1000);
    },
  };
  const noise = new MemoryAccess(pseudoRandomBytes(300_000, 7));
  const done = await downloadTarget({ ...options, seeds: [noise, torn] }, sink);
  assert.ok(equalBytes(sink.bytes, NEW));
  assert.ok(done.bytes === NEW.length);
});

Deno.test("from a static host the whole file comes, and no hint is asked for", async () => {
  const origin = await ForeignOrigin.create({ "app.tar.gz": NEW });
  const sink = new MemorySink();
  const done = await downloadTarget({
    root: await origin.root(),
    mirrors: ["http://origin.test/"],
    cache: new MemoryStore(),
    target: "app.tar.gz",
    seeds: [new MemoryAccess(OLD)],
    clock,
    fetch: origin.fetch,
  }, sink);
  assert.equal(done.way, "whole");
  assert.deepEqual([done.transferred, done.saved], [NEW.length, 0]);
  assert.ok(!origin.requests.some((path) => path.startsWith("hints/")));
  assert.ok(equalBytes(sink.bytes, NEW));
});

Deno.test("a whole file that breaks off goes on from where it ended, and comes byte for byte", async () => {
  const origin = await ForeignOrigin.create({ "app.tar.gz": NEW });
  const asked: (string | null)[] = [];
  const sink = new MemorySink();
  const done = await downloadTarget({
    root: await origin.root(),
    mirrors: ["http://origin.test/"],
    cache: new MemoryStore(),
    target: "app.tar.gz",
    clock,
    fetch: (request) => {
      if (!request.url.includes("/targets/")) return origin.fetch(request);
      const range = request.headers.get("range");
      asked.push(range);
      const from = Number(/=(\d+)/.exec(range ?? "")?.[1] ?? 0);
      const part = NEW.subarray(from, from + Math.ceil(NEW.length / 3));
      const headers = { "content-length": String(NEW.length - from) };
      const place = `bytes ${from}-${NEW.length - 1}/${NEW.length}`;
      return range === null
        ? new Response(part, { headers })
        : new Response(part, { status: 206, headers: { ...headers, "content-range": place } });
    },
  }, sink);
  assert.ok(equalBytes(sink.bytes, NEW));
  assert.equal(done.transferred, NEW.length, "nothing travels twice");
  assert.equal(asked.length, 3);
  assert.equal(asked[0], null);
});

Deno.test("what no role lists is not downloaded, and nothing is written", async () => {
  const { sink, options } = await download("app.tar.gz", NEW, []);
  await assert.rejects(downloadTarget({ ...options, target: "other" }, sink), {
    code: "target-missing",
  });
  assert.equal(sink.restarts, 0);
});

Deno.test("a download that is cancelled says so, and asks nobody else", async () => {
  const ending = new AbortController();
  const { sink, options, requests } = await download("app.tar.gz", NEW, [OLD], (path, response) => {
    if (path === "/chunks") ending.abort();
    return response;
  });
  await assert.rejects(downloadTarget({ ...options, signal: ending.signal }, sink), {
    code: "cancelled",
  });
  assert.ok(!requests.some((path) => path.startsWith("/targets/")));
});

Deno.test("a download under a clock set back by years is refused, and the clock is named", async () => {
  const origin = await ForeignOrigin.create({ file: new Uint8Array([1]) });
  const { edge, app } = await edgeOf(origin, {}, PATIENT);
  await edge.refresh();
  const cache = new MemoryStore();
  const root = await origin.root();
  let requests = 0;
  const get = async (now: number) => {
    const sink = new MemorySink();
    const fetch = async (request: Request) => (requests++, await app.fetch(request));
    const options = { root, mirrors: ["http://edge.test/"], cache, target: "file", fetch };
    await downloadTarget({ ...options, clock: { now: () => now } }, sink);
    return sink.bytes;
  };
  assert.deepEqual(await get(clock.now()), new Uint8Array([1]));
  requests = 0;
  await assert.rejects(get(0), (error) => isBrecciaError(error, "clock-wrong"));
  assert.equal(requests, 0);
  assert.deepEqual(await get(clock.now()), new Uint8Array([1]));
});
