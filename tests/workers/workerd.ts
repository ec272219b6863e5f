import { Miniflare, Response as WorkerdResponse } from "miniflare";

/** What answers a Worker's requests for its upstream. */
export type UpstreamService = (
  request: { readonly url: string },
) => WorkerdResponse | Promise<WorkerdResponse>;

/** The Worker that was built into `folder`, in workerd, with an empty bucket. */
export function startWorkerd(
  folder: string,
  bindings: Readonly<Record<string, string>>,
  upstream: UpstreamService,
  more: { readonly inspectorPort?: number } = {},
): Miniflare {
  return new Miniflare({
    rootPath: folder,
    modulesRoot: folder,
    modules: [
      { type: "ESModule", path: `${folder}/worker.js` },
      { type: "ESModule", path: `${folder}/cloudflare.js` },
      { type: "CompiledWasm", path: `${folder}/zstd.wasm` },
    ],
    compatibilityDate: "2026-07-01",
    ...more,
    r2Buckets: ["BUCKET"],
    bindings: { ...bindings },
    serviceBindings: { UPSTREAM_SERVICE: upstream },
  });
}
