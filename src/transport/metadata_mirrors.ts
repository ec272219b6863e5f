import { BrecciaError, isBrecciaError } from "../errors.ts";
import { readAnswer } from "./http_client.ts";
import type { Mirror, MirrorSet } from "./mirror_set.ts";

/** How a metadata file is asked for; the shape that `src/tuf` gives to its `MetadataSource`. */
export interface MetadataFileRequest<T> {
  /** The longest file that is accepted, in bytes. */
  readonly maxBytes: number;
  /** Throws when the bytes are refused, which is that mirror's blame. */
  readonly accept: (bytes: Uint8Array) => Promise<T>;
  /** Ends the request; it then throws `cancelled`. */
  readonly signal?: AbortSignal | undefined;
}

/** The files of `metadata/` on several mirrors: a `MetadataSource` for the trust core. */
export class MetadataMirrors {
  readonly #mirrors: MirrorSet;

  /** Fetches from `mirrors`, whose bases hold `metadata/`. */
  constructor(mirrors: MirrorSet) {
    this.#mirrors = mirrors;
  }

  /**
   * What `accept` made of the file, or `undefined` when every mirror that answered says that it is absent
   * (TUF 5.3.3 counts 403 and 404 alike, as buckets do).
   *
   * @throws {BrecciaError} what `accept` threw; `endless-data` when an answer is longer than `maxBytes`;
   * the network family.
   */
  fetch<T>(name: string, request: MetadataFileRequest<T>): Promise<T | undefined> {
    return this.#mirrors.find(name, (mirror) => fetchFrom(mirror, name, request), request.signal);
  }
}

async function fetchFrom<T>(
  mirror: Mirror,
  name: string,
  { maxBytes, accept, signal }: MetadataFileRequest<T>,
): Promise<T | undefined> {
  let bytes: Uint8Array;
  try {
    const answer = await mirror.send(`metadata/${name}`, { maxBytes, ...(signal && { signal }) });
    if (answer.status === 404 || answer.status === 403) {
      await answer.cancel();
      return undefined;
    }
    if (answer.status !== 200) {
      await answer.cancel();
      throw new BrecciaError(
        "http-status",
        `Cannot fetch ${name} from ${mirror.url.host}: it answered ${answer.status}; try again or ` +
          `use another mirror`,
      );
    }
    bytes = await readAnswer(answer);
  } catch (error) {
    if (!isBrecciaError(error, "response-oversized")) throw error;
    throw new BrecciaError(
      "endless-data",
      `Cannot accept ${name} from ${mirror.url.host}: it is longer than the ${maxBytes} bytes that ` +
        `are right; use another mirror`,
      { cause: error },
    );
  }
  return await accept(bytes);
}
