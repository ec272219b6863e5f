import type { CodedForm, ServedFile } from "../../src/mirror/mod.ts";
import { AcceptedCodings } from "./content_coding.ts";

/** A file in one of the forms that it can be sent in (RFC 9110, section 8.8.3.3). */
export interface Representation extends Omit<ServedFile, "zstd"> {
  /** Its `Content-Encoding`; the file as it is has none. */
  readonly coding?: string;
}

/** The forms of a file by their content codings, the shortest first. */
export type CodedForms = ReadonlyMap<string, CodedForm>;

/**
 * The form in which `request` wants the file, or `undefined` when none is acceptable. Ranges are of the file
 * as it is, as long as that is acceptable: what was compressed can't be cut where a client means.
 */
export function selectRepresentation(
  { method, headers }: Request,
  file: ServedFile,
  forms: CodedForms,
): Representation | undefined {
  if (forms.size === 0) return file;
  const codings = new AcceptedCodings(headers.get("accept-encoding"));
  const asItIs = codings.accepts("identity");
  if (asItIs && method === "GET" && headers.has("range")) return file;
  const wanted = [...forms].find(([coding]) => codings.prefers(coding));
  if (wanted === undefined && asItIs) return file;
  const sent = wanted ?? [...forms].find(([coding]) => codings.accepts(coding));
  if (sent === undefined) return undefined;
  const [coding, { size, etag, read }] = sent;
  return { size, etag, coding, read: (_, signal) => read(signal) };
}
