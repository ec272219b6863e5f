import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { BrecciaError } from "../errors.ts";
import { DEFAULT_UPSTREAM } from "../mirror/mod.ts";
import type { ClientLimitSettings } from "../../workers/http/client_limits.ts";
import { parseSize } from "../../workers/status/byte_size.ts";
import type { CommandContext } from "./command.ts";
import type { FlagTable } from "./flag_table.ts";
import { parseSiteConfig } from "../../workers/entry/site_config.ts";
import { fileError } from "./file_error.ts";
import type { Flags } from "./flags.ts";
import type { EdgeSite, SiteUpstream } from "../../workers/process/site_settings.ts";

/** Flags that describe one upstream, which a configuration file does for each. */
const UPSTREAM_FLAGS: FlagTable = {
  upstream: {
    type: "string",
    multiple: true,
    value: "URL",
    help: "The repository to mirror, or another edge; several are mirrors of one",
  },
  root: { type: "string", value: "FILE", help: "The publisher's root.json, where trust starts" },
  include: {
    type: "string",
    multiple: true,
    value: "GLOB",
    help: "Mirror only targets of such paths; ** spans folders",
  },
  exclude: {
    type: "string",
    multiple: true,
    value: "GLOB",
    help: "Mirror no targets of such paths",
  },
  "max-target": { type: "string", value: "SIZE", help: "Mirror no longer targets, as in 500MB" },
};

/** Flags of the commands that mirror repositories. */
export const EDGE_FLAGS: FlagTable = {
  config: {
    type: "string",
    value: "FILE",
    help: "Several repositories, each with its settings, in place of --upstream and --root",
  },
  ...UPSTREAM_FLAGS,
  store: {
    type: "string",
    value: "STORE",
    default: "fs:edge-store",
    help: "Where verified content is kept: fs:DIR, memory: or s3://BUCKET/PREFIX?endpoint=URL",
  },
};

/**
 * The site that the flags, or the configuration file that they name, describe. What was typed is stronger
 * than what the file says.
 *
 * @throws {BrecciaError} `usage`; `storage-denied` and its kin when a file can't be read.
 */
export async function edgeSite(context: CommandContext): Promise<EdgeSite> {
  const { flags, path } = context;
  const config = flags.text("config");
  return config === undefined ? await siteOfFlags(context) : await siteOfFile(flags, path(config));
}

async function siteOfFlags({ flags, path, cwd }: CommandContext): Promise<EdgeSite> {
  const urls = flags.texts("upstream");
  if (urls.length === 0) flags.required("upstream");
  const upstream: SiteUpstream = {
    name: DEFAULT_UPSTREAM,
    prefix: "/",
    urls,
    trustedRoot: await readRoot(path(flags.required("root"))),
    onDemand: flags.has("on-demand"),
    interval: (flags.integer("interval", 1, 86_400) ?? 60) * 1000,
    rules: {
      include: flags.texts("include"),
      exclude: flags.texts("exclude"),
      maxBytes: parseSize(flags.text("max-target"), "--max-target"),
    },
  };
  return {
    upstreams: [upstream],
    prefixed: false,
    store: flags.required("store"),
    cwd,
    listen: undefined,
    quota: parseSize(flags.text("quota"), "--quota"),
    answers: flags.integer("answers", 1, 1_000_000),
    clients: clientLimits(flags),
    dictionaries: flags.texts("dictionary"),
    rebuilt: parseSize(flags.text("rebuilt"), "--rebuilt") ?? 0,
    deltaBudget: parseSize(flags.text("deltas-on-demand"), "--deltas-on-demand"),
  };
}

async function siteOfFile(flags: Flags, file: string): Promise<EdgeSite> {
  for (const name of [...Object.keys(UPSTREAM_FLAGS), "interval", "on-demand"]) {
    // Variables are the surroundings': a container sets those of an edge of one upstream.
    if (!flags.isTyped(name)) continue;
    throw new BrecciaError(
      "usage",
      `--${name} does not go with --config, which has it for each upstream; set it in ${file}`,
    );
  }
  const text = await readFile(file, "utf8").catch((cause) => {
    throw fileError("read", file, cause);
  });
  const { store, listen, upstreams } = parseSiteConfig(text, file);
  const folder = dirname(file);
  return {
    upstreams: await Promise.all(upstreams.map(async ({ root, interval, ...rest }) => ({
      ...rest,
      interval: interval * 1000,
      trustedRoot: await readRoot(resolve(folder, root)),
    }))),
    prefixed: true,
    store: (flags.isGiven("store") ? undefined : store) ?? flags.required("store"),
    cwd: folder,
    listen: flags.isGiven("listen") ? undefined : listen,
    quota: parseSize(flags.text("quota"), "--quota"),
    answers: flags.integer("answers", 1, 1_000_000),
    clients: clientLimits(flags),
    dictionaries: flags.texts("dictionary"),
    rebuilt: parseSize(flags.text("rebuilt"), "--rebuilt") ?? 0,
    deltaBudget: parseSize(flags.text("deltas-on-demand"), "--deltas-on-demand"),
  };
}

function clientLimits(flags: Flags): ClientLimitSettings {
  return {
    rate: flags.integer("per-ip-rate", 1, 1_000_000),
    answers: flags.integer("per-ip-answers", 1, 1_000_000),
    proxies: flags.integer("proxies", 0, 16),
  };
}

async function readRoot(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readFile(file).catch((cause) => {
    throw fileError("read", file, cause);
  });
  return new Uint8Array(bytes);
}
