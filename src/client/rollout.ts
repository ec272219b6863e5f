import { encodeHex, sha256 } from "../bytes/mod.ts";
import type { ReleaseInfo } from "../index/mod.ts";
import type { SmallFiles } from "./pending_files.ts";

const KEY = "device";

/**
 * Whether a device is among those that a phased rollout offers a release to. Each device draws its place
 * from an identity that it keeps, anew for each version: so that a larger share includes a smaller one, and it
 * is not always the same devices that go first. The identity never leaves the device.
 */
export async function isInRollout(
  { app, version, rollout }: ReleaseInfo,
  files: SmallFiles,
): Promise<boolean> {
  if (rollout === undefined) return true;
  const text = `${await deviceIdentity(files)} ${app} ${version}`;
  const hash = await sha256(new TextEncoder().encode(text));
  const place = new DataView(hash.buffer).getUint32(0) / 2 ** 32;
  return place * 100 < rollout;
}

/** Drawn when a rollout first asks for it. */
async function deviceIdentity(files: SmallFiles): Promise<string> {
  const kept = await files.get(KEY);
  if (kept !== undefined) return new TextDecoder().decode(kept.bytes);
  const identity = encodeHex(crypto.getRandomValues(new Uint8Array(16)));
  await files.put(KEY, new TextEncoder().encode(identity));
  return identity;
}
