import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { ForeignOrigin } from "../mirror/foreign_fixture.ts";
import { edgeOf, type EdgeUnderTest } from "../mirror/edge_fixture.ts";
import { createApp, type EdgeApp } from "../../workers/http/app.ts";
import { DictionaryRules } from "../../workers/http/dictionary_rules.ts";
import type { EdgeOptions } from "../../src/mirror/mod.ts";
import { type ManagedStore, silentLog } from "../../src/ports/mod.ts";

/** A web asset as one version of it is served. */
export interface Asset {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: Uint8Array<ArrayBuffer>;
  /** Its URL path on the edge, which names its content. */
  readonly path: string;
}

/** An edge of a repository with versions of a script, which are dictionaries of one another. */
export interface AssetSite extends EdgeUnderTest {
  readonly origin: ForeignOrigin;
  readonly app: EdgeApp;
  /** Publishes another version, and brings it to the edge. */
  publish(bytes: Uint8Array<ArrayBuffer>): Promise<Asset>;
}

/** Opens it without a version. */
export async function assetSite(
  options: Partial<EdgeOptions> & { store?: ManagedStore } = {},
): Promise<AssetSite> {
  return await assetSiteOf(await ForeignOrigin.create({}), options);
}

/** Opens an edge of `origin`. */
export async function assetSiteOf(
  origin: ForeignOrigin,
  options: Partial<EdgeOptions> & { store?: ManagedStore } = {},
): Promise<AssetSite> {
  const edge = await edgeOf(origin, options);
  const dictionaries = new DictionaryRules(["app/*main.js"]);
  const app = createApp({ edge: edge.edge, log: silentLog, dictionaries });
  return {
    ...edge,
    origin,
    app,
    get: async (path, headers = {}, method = "GET") =>
      await app.fetch(new Request(new URL(path, "http://edge.test/"), { headers, method })),
    async publish(bytes) {
      await origin.publish({ "app/main.js": bytes });
      await edge.edge.refresh();
      const digest = await sha256(bytes);
      const path = `/targets/app/${encodeHex(digest)}.main.js`;
      return { bytes, sha256: digest, path };
    },
  };
}

/** A script of some 100 KB, of which versions differ in a few lines. */
export function script(version: number): Uint8Array<ArrayBuffer> {
  const lines = Array.from({ length: 1500 }, (_, line) => {
    const edited = line % 400 === 7 ? version : 0;
    return `export function f${line}(x) { return x * ${(line * 7919) % 10007} + ${edited}; }\n`;
  });
  return new TextEncoder().encode(lines.join(""));
}

/** The headers of a browser that has `dictionary`. */
export function withDictionary(dictionary: Uint8Array): Record<string, string> {
  return {
    "accept-encoding": "gzip, deflate, br, zstd, dcb, dcz",
    "available-dictionary": `:${dictionary.toBase64()}:`,
  };
}
