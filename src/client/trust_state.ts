import { isBrecciaError } from "../errors.ts";
import type { ManagedStore } from "../ports/mod.ts";
import { loadTrusted } from "../tuf/mod.ts";
import { StoredMetadata } from "./kept_trust.ts";
import { deviceTime } from "./known_time.ts";

/** How stale the metadata is that a device trusts without asking a mirror. */
export interface TrustState {
  /** When the first of its files expires, in milliseconds since 1970; `undefined` when it does not hold now. */
  readonly expires: number | undefined;
  /** Why it does not hold, for people: what expired and by how much, or what is missing. */
  readonly refusal: string | undefined;
}

/** Reads and verifies the metadata that a device keeps. No request is sent and nothing is written. */
export async function trustState(files: ManagedStore, now: number): Promise<TrustState> {
  try {
    const time = await deviceTime(files, now);
    const { expires } = await loadTrusted({ store: new StoredMetadata(files), now: time });
    return { expires, refusal: undefined };
  } catch (error) {
    if (!isBrecciaError(error)) throw error;
    return { expires: undefined, refusal: error.message };
  }
}
