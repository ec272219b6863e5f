import { encodeHex } from "../bytes/mod.ts";

/** Where things lie in a published repository, relative to its root. All but metadata is immutable. */

/** Key of a pack named by its SHA-256. */
export function packKey(sha256: Uint8Array): string {
  return `packs/${encodeHex(sha256)}`;
}

/** Key of a delta file named by its SHA-256. */
export function deltaKey(sha256: Uint8Array): string {
  return `deltas/${encodeHex(sha256)}`;
}

/** Key of a target in a repository with consistent snapshots (TUF 6.2): the hash precedes its name. */
export function targetKey(path: string, sha256: string): string {
  const name = path.lastIndexOf("/") + 1;
  return `targets/${path.slice(0, name)}${sha256}.${path.slice(name)}`;
}

/** Target path of a release's index. */
export function indexTarget(app: string, version: string, platform: string): string {
  return `${releaseName(app, version, platform)}.index`;
}

/** Target path of a release's stream, which plain TUF clients download as a tar archive. */
export function archiveTarget(app: string, version: string, platform: string): string {
  return `${releaseName(app, version, platform)}.tar`;
}

/** Target path of a release's notes for people, in Markdown. */
export function notesTarget(app: string, version: string, platform: string): string {
  return `${releaseName(app, version, platform)}.notes.md`;
}

/** True when `text` stands for itself in a target path. */
export function isPlainName(text: string): boolean {
  return /^[A-Za-z0-9._-]+$/.test(text);
}

/** Versions may hold `+` and `!`, which some stores and URLs misread. */
function releaseName(app: string, version: string, platform: string): string {
  const name = platform === "any" ? `${app}-${version}` : `${app}-${version}-${platform}`;
  return name.replaceAll(/[^A-Za-z0-9._-]/g, "_");
}
