import { isPrefix } from "../status/site.ts";
import { isUpstreamName, type TargetRules } from "../../src/mirror/mod.ts";
import { parseSize } from "../status/byte_size.ts";
import { ConfigFields } from "./config_fields.ts";

/** An upstream as `breccia edge --config` reads it (docs/edge.md). */
export interface UpstreamConfig {
  readonly name: string;
  /** Mirrors of the repository. */
  readonly urls: readonly string[];
  /** The publisher's root metadata, as a path from the configuration file. */
  readonly root: string;
  /** Where it is served: `/`, or `/SEGMENT`. */
  readonly prefix: string;
  readonly onDemand: boolean;
  /** Seconds between two looks for news. */
  readonly interval: number;
  readonly rules: TargetRules;
}

/** What a configuration file says. */
export interface SiteConfig {
  readonly store: string | undefined;
  readonly listen: string | undefined;
  readonly upstreams: readonly UpstreamConfig[];
}

const SETTINGS = ["store", "listen", "upstreams"];
const UPSTREAM_SETTINGS = [
  ...["name", "url", "root", "prefix", "mode", "interval"],
  ...["include", "exclude", "maxTarget"],
];

/** Each costs memory for its metadata and 4 MiB of packs. */
const MOST_UPSTREAMS = 256;

/**
 * Reads a configuration file of an edge.
 *
 * @param file What to call it in errors.
 * @throws {BrecciaError} `usage`, one sentence that names the setting.
 */
export function parseSiteConfig(text: string, file: string): SiteConfig {
  const fields = ConfigFields.parse(text, file, SETTINGS);
  const entries = fields.objects("upstreams", UPSTREAM_SETTINGS);
  if (entries.length === 0) throw fields.refusal("upstreams", "is empty; name a repository");
  if (entries.length > MOST_UPSTREAMS) {
    throw fields.refusal("upstreams", `has more than ${MOST_UPSTREAMS} entries; run two edges`);
  }
  const names = new Set<string>();
  const prefixes = new Set<string>();
  const upstreams = entries.map((entry) => {
    const upstream = readUpstream(entry);
    if (names.has(upstream.name)) {
      throw entry.refusal("name", `is "${upstream.name}" once more; give each its own`);
    }
    if (prefixes.has(upstream.prefix)) {
      throw entry.refusal("prefix", `is "${upstream.prefix}" once more; give each its own`);
    }
    names.add(upstream.name);
    prefixes.add(upstream.prefix);
    return upstream;
  });
  return { store: fields.text("store"), listen: fields.text("listen"), upstreams };
}

function readUpstream(entry: ConfigFields): UpstreamConfig {
  const name = entry.required("name", 'a name such as "apps"');
  if (!isUpstreamName(name)) {
    throw entry.refusal("name", `is "${name}"; use lower-case letters, digits and hyphens`);
  }
  const urls = entry.texts("url");
  if (urls.length === 0) throw entry.refusal("url", "is missing; give the repository's URL");
  for (const url of urls) {
    if (/^https?:$/.test(URL.parse(url)?.protocol ?? "")) continue;
    throw entry.refusal("url", `is "${url}"; give an http(s) URL`);
  }
  const prefix = entry.text("prefix") ?? `/${name}`;
  if (!isPrefix(prefix)) {
    throw entry.refusal("prefix", `is "${prefix}"; give "/", or "/NAME" that is no route's name`);
  }
  const mode = entry.text("mode") ?? "eager";
  if (mode !== "eager" && mode !== "on-demand") {
    throw entry.refusal("mode", `is "${mode}"; give "eager" or "on-demand"`);
  }
  return {
    name,
    urls,
    root: entry.required("root", "the path of the publisher's root.json"),
    prefix,
    onDemand: mode === "on-demand",
    interval: entry.integer("interval", 1, 86_400) ?? 60,
    rules: {
      include: entry.texts("include"),
      exclude: entry.texts("exclude"),
      maxBytes: readSize(entry, "maxTarget"),
    },
  };
}

function readSize(entry: ConfigFields, name: string): number | undefined {
  const text = entry.text(name);
  try {
    return parseSize(text, name);
  } catch {
    throw entry.refusal(name, `is "${text}"; give a size such as "10GB" or "512MiB"`);
  }
}
