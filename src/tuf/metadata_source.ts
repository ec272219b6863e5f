/** How to fetch one metadata file. */
export interface MetadataRequest<T> {
  /** More bytes than this are an endless-data attack. */
  readonly maxBytes: number;
  /**
   * Judges what a mirror sent. It throws when the bytes are refused; then the source blames that
   * mirror and asks the next. What it returns is what `fetch` returns. It may be called once for each
   * mirror, and has no effect but through what it returns.
   */
  readonly accept: (bytes: Uint8Array) => Promise<T>;
  /** Ends the request; `fetch` then throws `cancelled`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Where metadata comes from: one mirror or several, over HTTP, from a directory or out of a parcel.
 *
 * `name` is a URL path segment below the metadata URL, percent-encoded where a role's name asks for
 * it: `"2.root.json"`, `"timestamp.json"`, `"7.team%2Fa.json"`. Bytes are counted and judged as the
 * publisher made them: a source asks for no content coding.
 */
export interface MetadataSource {
  /**
   * Fetches a file and returns what `accept` made of it, or `undefined` when every mirror that can be
   * reached says that it is absent (403 or 404, as the specification has it).
   *
   * @throws {BrecciaError} the refusal of `accept`, when no mirror had acceptable bytes; `endless-data`
   * when a response is longer than `maxBytes`; `offline`, `timeout`, `http-status` and other codes of
   * the network family; `cancelled`.
   */
  fetch<T>(name: string, request: MetadataRequest<T>): Promise<T | undefined>;
}
