import assert from "node:assert/strict";
import fc from "fast-check";
import { FileStore } from "../../cache/stores/fs.ts";
import type { FileLayout } from "../../cache/stores/file_layout.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const digest = (digits: string): string => digits.padEnd(64, "0");
const everyKey = (): boolean => true;

async function inDirectory(
  use: (open: (layout: FileLayout) => FileStore, root: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await use((layout) => new FileStore(root, { layout }), root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function contentOf(store: ManagedStore): Promise<Map<string, string>> {
  const content = new Map<string, string>();
  for await (const { key } of store.list("")) {
    assert.ok(!content.has(key), `${key} is listed once`);
    content.set(key, new TextDecoder().decode((await store.get(key))?.bytes));
  }
  assert.deepEqual([...content.keys()], [...content.keys()].sort(), "in key order");
  return content;
}

Deno.test("objects named by a digest lie in 256 folders, others under their keys", async () => {
  await inDirectory(async (open, root) => {
    const store = open("sharded");
    await store.put(`packs/${digest("ab")}`, text("pack"));
    await store.put(`targets/${digest("cd")}.parts`, text("list"));
    await store.put("current", text("pointer"));
    for (
      const path of [`packs/+ab/${digest("ab")}`, `targets/+cd/${digest("cd")}.parts`, "current"]
    ) assert.ok((await Deno.stat(`${root}/${path}`)).isFile, path);
  });
});

Deno.test("a store of yesterday is read, replaced, listed and swept where it lies", async () => {
  await inDirectory(async (open, root) => {
    const before = open("flat");
    const keys = ["01", "0a", "ff"].map((digits) => `packs/${digest(digits)}`);
    for (const key of keys) await before.put(key, text(`old ${key}`));
    const store = open("sharded");
    const [first, second, third] = keys as [string, string, string];
    assert.equal((await store.head(first))?.size, 4 + first.length);
    await store.put(second, text("new"));
    assert.deepEqual(
      [...await contentOf(store)],
      [[first, `old ${first}`], [second, "new"], [third, `old ${third}`]],
    );
    await store.delete(first);
    await store.delete(second);
    assert.deepEqual([...(await contentOf(store)).keys()], [third]);
    await assert.rejects(Deno.stat(`${root}/${second}`), Deno.errors.NotFound);
  });
});

Deno.test("keys of both layouts and names of every kind are listed once each, in key order", async () => {
  const name = fc.oneof(
    fc.constantFrom("a", "ab", "ab-", "abc", "b", "+ab".slice(1), "0", "f~", digest("ab")),
    fc.stringMatching(/^[ab0]{2}$/).map((digits) => digest(digits)),
    fc.stringMatching(/^[ab0]{2}$/).map((digits) => `${digest(digits)}.parts`),
  );
  const key = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
  const written = fc.array(fc.tuple(key, fc.constantFrom<FileLayout>("flat", "sharded")), {
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(written, key, async (puts, prefix) => {
      await inDirectory(async (open) => {
        const expected = new Set<string>();
        for (const [key, layout] of puts) {
          // A name can't be a file and a folder at once.
          if ([...expected].some((k) => k.startsWith(`${key}/`) || key.startsWith(`${k}/`))) {
            continue;
          }
          await open(layout).put(key, text(key));
          expected.add(key);
        }
        for (const layout of ["flat", "sharded"] as const) {
          assert.deepEqual([...(await contentOf(open(layout))).keys()], [...expected].sort());
          const listed = (await Array.fromAsync(open(layout).list(prefix))).map(({ key }) => key);
          assert.deepEqual(listed, [...expected].filter((k) => k.startsWith(prefix)).sort());
        }
      });
    }),
    { numRuns: 40 },
  );
});

Deno.test("a store of yesterday moves into shards while it is read and written", async () => {
  await inDirectory(async (open, root) => {
    const before = open("flat");
    const keys = Array.from(
      { length: 400 },
      (_, i) => `packs/${digest((i * 7919 % 65_536).toString(16).padStart(4, "0"))}`,
    );
    for (const key of [...keys, "current"]) await before.put(key, text(key));
    const store = open("sharded");
    let moving = true;
    const reader = (async () => {
      for (let at = 0; moving || at < keys.length; at++) {
        const key = keys[at % keys.length] as string;
        assert.equal(new TextDecoder().decode((await store.get(key))?.bytes), key);
      }
    })();
    // Two threads of an edge start together.
    await Promise.all([store.shard(everyKey), open("sharded").shard(everyKey)]);
    moving = false;
    await reader;
    assert.deepEqual([...(await contentOf(store)).keys()], [...keys, "current"].toSorted());
    const folders = [...Deno.readDirSync(`${root}/packs`)];
    assert.ok(folders.every(({ isDirectory }) => isDirectory), "no file is left beside the shards");
  });
});

Deno.test("a move that a crash stopped goes on, and what is newer in a shard stays", async () => {
  await inDirectory(async (open, root) => {
    const [linked, newer, foreign] = ["aa", "ab", "ac"].map((digits) => digest(digits));
    await open("flat").put(`packs/${linked}`, text("same"));
    await Deno.mkdir(`${root}/packs/+aa`);
    await Deno.link(`${root}/packs/${linked}`, `${root}/packs/+aa/${linked}`);
    await open("sharded").put(`packs/${newer}`, text("mended"));
    await Deno.writeTextFile(`${root}/packs/${newer}`, "rotten");
    await open("flat").put(`backup/${foreign}`, text("somebody's"));
    const store = open("sharded");
    await store.shard((key) => key.startsWith("packs/"));
    assert.deepEqual([...await contentOf(store)], [
      [`backup/${foreign}`, "somebody's"],
      [`packs/${linked}`, "same"],
      [`packs/${newer}`, "mended"],
    ]);
    assert.ok((await Deno.stat(`${root}/backup/${foreign}`)).isFile, "what is not ours stays");
    for (const name of [linked, newer]) {
      await assert.rejects(Deno.stat(`${root}/packs/${name}`), Deno.errors.NotFound);
    }
  });
});
