import type { ServedFile } from "../src/mirror/mod.ts";
import { AcceptedCodings } from "./content_coding.ts";

/** A file in one of the forms that it can be sent in (RFC 9110, section 8.8.3.3). */
export interface Representation extends Omit<ServedFile, "zstd"> {
  /** Its `Content-Encoding`; the file as it is has none. */
  readonly coding?: "zstd";
}

/**
 * The form in which `request` wants the file, or `undefined` when none is acceptable. Ranges are of the file
 * as it is, as long as that is acceptable: what was compressed can't be cut where a client means.
 */
export function selectRepresentation(
  request: Request,
  file: ServedFile,
): Representation | undefined {
  const { zstd } = file;
  if (zstd === undefined) return file;
  const codings = new AcceptedCodings(request.headers.get("accept-encoding"));
  const asItIs = codings.accepts("identity");
  const wantsRange = asItIs && request.method === "GET" && request.headers.has("range");
  const encoded: Representation = {
    size: zstd.size,
    etag: zstd.etag,
    coding: "zstd",
    read: (_, signal) => zstd.read(signal),
  };
  if (codings.prefers("zstd") && !wantsRange) return encoded;
  if (asItIs) return file;
  return codings.accepts("zstd") ? encoded : undefined;
}
