import assert from "node:assert/strict";
import { BrecciaError, type ErrorCode, isBrecciaError } from "../../src/errors.ts";
import type { InstallTarget, ManagedStore } from "../../src/ports/mod.ts";
import { HttpClient } from "../../src/transport/mod.ts";
import { type Device, publishedRepository, update, withDevice } from "./device.ts";
import { type Lie, staticHost } from "./static_host.ts";

const { store, root, publishNext } = await publishedRepository();
const firstHost = staticHost(await copyOf(store));
await publishNext();

async function copyOf(source: ManagedStore): Promise<ManagedStore> {
  const { MemoryStore } = await import("../../cache/stores/memory.ts");
  const copy = new MemoryStore();
  for await (const { key } of source.list("")) await copy.put(key, (await source.get(key))!.bytes);
  return copy;
}

const flip = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1) as Uint8Array<ArrayBuffer>;
const cut = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  bytes.slice(0, bytes.length >> 1);
const grow = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
  const grown = new Uint8Array(bytes.length + 17 * 1024 * 1024);
  grown.set(bytes);
  return grown;
};
/** A zstd frame that claims 1 GiB, as long as the range that was asked for. */
const bomb = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
  const frame = bytes.slice();
  frame.set([0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 1]);
  return frame;
};

const on =
  (part: string, change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>): Lie =>
  (path, bytes) => path.includes(part) ? change(bytes) : undefined;
const html: Lie = (path) =>
  path.startsWith("packs/")
    ? new Response("<h1>Internal error</h1>", {
      status: 500,
      headers: { "content-type": "text/html" },
    })
    : undefined;

const ATTACKS: readonly (readonly [name: string, lie: Lie, codes: readonly ErrorCode[]])[] = [
  ["a timestamp with a flipped bit", on("timestamp", flip), [
    "metadata-malformed",
    "signature-threshold",
  ]],
  ["a truncated snapshot", on("snapshot", cut), [
    "metadata-malformed",
    "mix-and-match",
    "metadata-mismatch",
    "arbitrary-software",
  ]],
  ["an endless targets file", on("targets.json", grow), ["endless-data"]],
  ["an index with a flipped bit", on(".index", flip), ["target-mismatch"]],
  ["a truncated index", on(".index", cut), ["target-mismatch"]],
  ["an oversized index", on(".index", grow), ["response-oversized"]],
  ["packs with a flipped bit in each range", (path, bytes, request) => {
    if (!path.startsWith("packs/")) return undefined;
    const twin = bytes.slice();
    const first = Number(/bytes=(\d+)/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
    twin[first + 100] = twin[first + 100]! ^ 1;
    return twin;
  }, ["chunk-mismatch", "frame-malformed"]],
  ["truncated packs", on("packs/", (bytes) => bytes.slice(0, 10)), [
    "response-truncated",
    "http-malformed",
  ]],
  ["packs that claim to inflate to 1 GiB", on("packs/", bomb), [
    "frame-malformed",
    "chunk-mismatch",
  ]],
  ["a server error with HTML", html, ["http-status"]],
  [
    "packs that are gone",
    (path) => path.startsWith("packs/") ? new Response(null, { status: 404 }) : undefined,
    ["chunk-missing"],
  ],
];

/** The device as a user sees it: what runs, the record of it, and trusted metadata. */
async function running(device: Device): Promise<Map<string, string>> {
  const files = await device.snapshot();
  const current = files.get("current")!.slice("-> ".length);
  return new Map([...files].filter(([path]) => path === "current" || path.startsWith(current)));
}

for (const [name, lie, codes] of ATTACKS) {
  Deno.test(`refused by name, and nothing installed changes: ${name}`, async () => {
    await withDevice(root, async (device) => {
      await update(device, firstHost);
      const before = await running(device);
      const refused = async (): Promise<void> => {
        const found = await (await device.updater(staticHost(store, lie))).check();
        await found!.download();
        await found!.apply();
      };
      await assert.rejects(refused(), (error) => {
        assert.ok(isBrecciaError(error), String(error));
        assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
        assert.ok(!error.message.includes("\n"));
        return true;
      });
      assert.deepEqual(await running(device), before);
      const trees = (await device.target.trees()).filter((tree) => !tree.includes(".part"));
      assert.equal(trees.length, 1, "nothing is staged");
      assert.equal(await update(device, staticHost(store)), "1.1.0", "the next honest host serves");
    });
  });
}

Deno.test("content that is refused leaves nothing behind: the disk is byte for byte as it was", async () => {
  await withDevice(root, async (device) => {
    await update(device, firstHost);
    const lie = on("packs/", bomb);
    const attempt = async (): Promise<void> => {
      const found = await (await device.updater(staticHost(store, lie))).check();
      await found!.download();
    };
    await assert.rejects(attempt(), isBrecciaError);
    const before = await device.snapshot();
    await assert.rejects(attempt(), isBrecciaError);
    assert.deepEqual(await device.snapshot(), before);
    assert.ok(![...before.keys()].some((path) => path.includes(".part")));
  });
});

Deno.test("one lying mirror of two is named, and the update comes from the other", async () => {
  await withDevice(root, async (device) => {
    const honest = staticHost(store);
    const liar = staticHost(store, on("packs/", flip));
    const host = (request: Request) =>
      new URL(request.url).host === "liar.test" ? liar(request) : honest(request);
    const mirrors = ["https://liar.test/", "https://honest.test/"];
    const updater = await device.updater(host, { mirrors });
    const found = await updater.check();
    const result = await found!.download();
    assert.equal((await found!.apply()).version, "1.1.0");
    assert.ok(updater.failures.every(({ mirror }) => mirror === "liar.test"));
    assert.ok(updater.failures.length > 0 && result.reasons.length > 0);
  });
});

/** `object` with some methods replaced; the others run on it as they are. */
function replacing<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get: (target, name) => {
      const replaced = methods[name as keyof T];
      if (replaced !== undefined) return replaced;
      const value = target[name as keyof T];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test("a full disk is refused up front with the bytes needed, before anything is fetched", async () => {
  const full = (target: InstallTarget): InstallTarget =>
    replacing(target, { freeBytes: () => Promise.resolve(1000) });
  await withDevice(root, async (device) => {
    const host = staticHost(store);
    const found = await (await device.updater(host)).check();
    await assert.rejects(
      found!.download(),
      (error) =>
        isBrecciaError(error, "storage-full") &&
        /\d+ bytes are needed and 1000 are free/.test(error.message),
    );
    assert.ok(!host.requests.some((path) => path.startsWith("packs/")));
    assert.equal(await device.target.pointer(), undefined);
  }, full);
});

Deno.test("a disk that fills up or turns read-only in the midst leaves what runs untouched", async () => {
  for (const code of ["storage-full", "storage-read-only"] as const) {
    let failing = false;
    const filling = (target: InstallTarget): InstallTarget =>
      replacing(target, {
        write: (name: string) => {
          const writer = target.write(name);
          return replacing(writer, {
            write: async (bytes: Uint8Array) => {
              if (failing) throw new BrecciaError(code, "Cannot write: the disk refused");
              await writer.write(bytes);
            },
          });
        },
      });
    await withDevice(root, async (device) => {
      await update(device, firstHost);
      const before = await running(device);
      failing = true;
      const found = await (await device.updater(staticHost(store))).check();
      await assert.rejects(found!.download(), (error) => isBrecciaError(error, code));
      assert.deepEqual(await running(device), before);
      failing = false;
      assert.equal(await update(device, staticHost(store)), "1.1.0");
    }, filling);
  }
});

Deno.test("a host that hangs ends in a timeout, and being cut off is never up to date", async () => {
  const client = new HttpClient({
    fetch: (request) =>
      new Promise((_, reject) =>
        request.signal.addEventListener("abort", () => reject(request.signal.reason))
      ),
    timeouts: { headers: 20, idle: 20 },
  });
  await assert.rejects(
    client.send({ url: new URL("https://mirror.test/"), maxBytes: 1 }),
    (error) => isBrecciaError(error, "timeout"),
  );
  await withDevice(root, async (device) => {
    await update(device, firstHost);
    const dead = () => Promise.reject(new TypeError("connection refused"));
    await assert.rejects(
      (await device.updater(dead)).check(),
      (error) => isBrecciaError(error, "offline"),
    );
  });
});
