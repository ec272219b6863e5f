import { BrecciaError } from "../../../src/errors.ts";
import type { StoredObjectInfo } from "../../../src/ports/mod.ts";

/**
 * The few XML documents of the S3 API, which have no attributes, no comments and one level of lists: their
 * elements are found by name.
 */

/** One page of ListObjectsV2. */
export interface ListPage {
  /** In the order of the keys' bytes. */
  readonly objects: readonly StoredObjectInfo[];
  /** Where the next page begins, or `undefined` after the last one. */
  readonly next: string | undefined;
}

/** Text of the first element `name`, or `undefined` when there is none. */
export function elementText(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text === undefined ? undefined : unescapeXml(text);
}

/**
 * Reads an answer of ListObjectsV2.
 *
 * @throws {BrecciaError} `storage-failed` when it is no such document, or says that there is more
 * without saying where: taken as the end, half a bucket would count as gone.
 */
export function readListPage(xml: string): ListPage {
  const truncated = elementText(xml, "IsTruncated");
  const next = elementText(xml, "NextContinuationToken");
  if (truncated === undefined || (truncated === "true" && !next)) {
    throw malformed("list of objects");
  }
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, entry = ""]) => {
    const key = elementText(entry, "Key");
    const size = Number(elementText(entry, "Size") ?? NaN);
    if (key === undefined || !Number.isSafeInteger(size)) throw malformed("list of objects");
    return { key, size };
  });
  return { objects, next: truncated === "true" ? next : undefined };
}

/** Text of an element that an answer must have. */
export function requiredText(xml: string, name: string): string {
  const text = elementText(xml, name);
  if (text === undefined) throw malformed(name);
  return text;
}

/** The request body of CompleteMultipartUpload. */
export function completeUploadXml(etags: readonly string[]): string {
  const parts = etags.map((etag, i) =>
    `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`
  );
  return `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
}

function malformed(what: string): BrecciaError {
  return new BrecciaError(
    "storage-failed",
    `Cannot read the bucket's answer: its ${what} is missing or broken; check the endpoint and try again`,
  );
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

function unescapeXml(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w+));/g,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES.get(name) ?? whole;
      const point = decimal === undefined ? parseInt(hex as string, 16) : Number(decimal);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    },
  );
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
