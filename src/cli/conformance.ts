/**
 * A TUF client for the public conformance suite: the bare client workflow of the specification, without
 * our shortcut, and with the files in places that the suite looks at. It imports no more than it needs,
 * because the suite starts it hundreds of times.
 *
 * @see https://github.com/theupdateframework/tuf-conformance (CLIENT-CLI.md)
 * @module
 */

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BrecciaError } from "../errors.ts";
import { CONTENT_LIMITS } from "../limits.ts";
import { HttpClient, readAnswer } from "../transport/http_client.ts";
import { followRedirects } from "../transport/redirects.ts";
import type { MetadataRequest, MetadataSource } from "../tuf/metadata_source.ts";
import { refresh } from "../tuf/refresh.ts";
import { TrustedRoot } from "../tuf/trusted_root.ts";
import type { VerifiedMetadata } from "../tuf/verified_metadata.ts";
import type { VerifiedTarget } from "../tuf/verified_target.ts";
import { fileError } from "./file_error.ts";
import { MetadataDirectory } from "./metadata_directory.ts";

/** The flags of the protocol. */
export const CONFORMANCE_FLAGS = [
  "metadata-dir",
  "metadata-url",
  "target-name",
  "target-base-url",
  "target-dir",
] as const;

/** One of the flags of the protocol. */
export type ConformanceFlag = typeof CONFORMANCE_FLAGS[number];

/** One call of the client. */
export interface ConformanceCall {
  /** `init ROOT`, `refresh` or `download`. */
  readonly operands: readonly string[];
  /** The value of a flag; throws `usage` when it was not given. */
  readonly flag: (name: ConformanceFlag) => string;
  /** The absolute form of a path that the caller typed. */
  readonly path: (typed: string) => string;
  /** The reference time, in milliseconds since 1970. */
  readonly now: number;
}

/**
 * Runs `--metadata-dir D [--metadata-url U …] init ROOT | refresh | download`.
 *
 * @throws {BrecciaError} `usage`, and whatever refuses the repository.
 */
export async function runConformance(
  { operands, flag, path, now }: ConformanceCall,
): Promise<void> {
  const store = new MetadataDirectory(path(flag("metadata-dir")));
  const [action, rootFile] = operands;
  if (action === "init" && rootFile !== undefined) {
    const root = await TrustedRoot.anchor(await read(path(rootFile)));
    await store.put("root.json", root.bytes);
    return;
  }
  if (action !== "refresh" && action !== "download") {
    throw new BrecciaError("usage", "Say what to do: init ROOT, refresh or download");
  }
  const http = new HttpClient({ fetch: followRedirects(fetch, "public") });
  const source = new UrlSource(http, flag("metadata-url"));
  const metadata = await refresh({ source, store, now, shortcut: false });
  if (action === "refresh") return;

  const name = flag("target-name");
  const target = await metadata.findTarget(name);
  if (target === undefined) {
    throw new BrecciaError(
      "target-missing",
      `Cannot download ${JSON.stringify(name)}: no role of the repository lists it`,
    );
  }
  await download(http, metadata, target, flag("target-base-url"), path(flag("target-dir")));
}

/** Metadata below one URL. */
class UrlSource implements MetadataSource {
  readonly #http: HttpClient;
  readonly #base: URL;

  constructor(http: HttpClient, base: string) {
    this.#http = http;
    this.#base = baseUrl(base);
  }

  async fetch<T>(name: string, { maxBytes, accept }: MetadataRequest<T>): Promise<T | undefined> {
    const bytes = await get(this.#http, new URL(name, this.#base), maxBytes);
    return bytes && await accept(bytes);
  }
}

async function download(
  http: HttpClient,
  metadata: VerifiedMetadata,
  target: VerifiedTarget,
  base: string,
  directory: string,
): Promise<void> {
  const path = join(directory, encodeURIComponent(target.path));
  const kept = await readFile(path).catch(() => undefined);
  if (kept !== undefined && await target.check(kept).then(() => true, () => false)) return;

  const location = metadata.locationOf(target).split("/");
  if (location.some((segment) => segment === "." || segment === "..")) {
    throw new BrecciaError(
      "path-unsafe",
      `Cannot download ${JSON.stringify(target.path)}: its path climbs out of the repository`,
    );
  }
  const url = new URL(location.map(encodeURIComponent).join("/"), baseUrl(base));
  if (target.length > CONTENT_LIMITS.wholeTargetBytes) {
    throw new BrecciaError(
      "response-oversized",
      `Cannot download ${JSON.stringify(target.path)}: ${target.length} bytes are too many at once`,
    );
  }
  const bytes = await get(http, url, target.length);
  if (bytes === undefined) {
    throw new BrecciaError(
      "target-missing",
      `Cannot download ${JSON.stringify(target.path)}: the server does not have it`,
    );
  }
  await target.check(bytes);
  await write(path, bytes);
}

/** The body under `url`, or `undefined` when the server says that it is absent. */
async function get(http: HttpClient, url: URL, maxBytes: number): Promise<Uint8Array | undefined> {
  const answer = await http.send({ url, maxBytes });
  if (answer.status === 200) return await readAnswer(answer);
  await answer.cancel();
  if (answer.status === 403 || answer.status === 404) return undefined;
  throw new BrecciaError(
    "http-status",
    `Cannot fetch ${url}: the server answered ${answer.status}; try again later`,
  );
}

function baseUrl(text: string): URL {
  const url = URL.parse(text.endsWith("/") ? text : `${text}/`);
  if (url === null) throw new BrecciaError("usage", `${JSON.stringify(text)} is no URL`);
  return url;
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw fileError("read", path, error);
  }
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  const fresh = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(fresh, bytes);
    await rename(fresh, path);
  } catch (error) {
    throw fileError("write", path, error);
  }
}
