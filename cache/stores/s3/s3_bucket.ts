import { encodeHex, sha256 } from "../../../src/bytes/mod.ts";
import type { ByteRange, Clock, Fetch } from "../../../src/ports/mod.ts";
import {
  type HttpAnswer,
  HttpClient,
  type HttpRequest,
  readAnswer,
} from "../../../src/transport/mod.ts";
import { OBJECT_BYTES } from "../object_key.ts";
import { answerError, exchangeError } from "./s3_error.ts";
import { PAYLOAD_HASH_HEADER, type S3Credentials, signingFetch } from "./s3_signature.ts";
import { elementText } from "./s3_xml.ts";

/** Where a bucket is and who asks. */
export interface S3BucketOptions {
  /** Name of the bucket. */
  readonly bucket: string;
  /** `https://host[:port]`; buckets are addressed by path, as every service understands. */
  readonly endpoint: URL;
  /** Default `us-east-1`, which services without regions take. */
  readonly region?: string;
  /** Keys that sign each request. */
  readonly credentials: S3Credentials;
  /** Sends the requests. */
  readonly fetch: Fetch;
  /** Tells the time that signatures carry. */
  readonly clock: Clock;
}

/** One request of the S3 API. */
export interface S3Request {
  /** For messages, as in "Cannot VERB WHAT". */
  readonly verb: string;
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Of the object; without it the request is about the bucket. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly range?: ByteRange;
  /** A range past the end is an answer and no failure. */
  readonly accepts416?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** An answer, read to its end. */
export interface S3Answer {
  /** 2xx; 404 when a GET, HEAD or DELETE found no object; 416 where accepted. */
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Longest wait for an answer; a slow line needs its time for 16 MiB. In milliseconds. */
const TIMEOUTS = { headers: 120_000, idle: 30_000 };

/** No error document or list is longer, in bytes. */
const DOCUMENT_BYTES = 8 * 1024 * 1024;

const OF_AN_OBJECT: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE"]);

/** Sends signed requests to one bucket and turns each failure into an error of the store contract. */
export class S3Bucket {
  readonly #base: string;
  readonly #name: string;
  readonly #http: HttpClient;
  #exists: Promise<unknown> | undefined;

  /** Creates the access to a bucket; sends nothing. */
  constructor(
    { bucket, endpoint, region = "us-east-1", credentials, fetch, clock }: S3BucketOptions,
  ) {
    this.#base = `${endpoint.origin}/${encodeURIComponent(bucket)}`;
    this.#name = `bucket ${bucket} at ${endpoint.host}`;
    this.#http = new HttpClient({
      fetch: signingFetch(fetch, { credentials, region, clock }),
      timeouts: TIMEOUTS,
    });
  }

  /** Requests sent so far. */
  get requests(): number {
    return this.#http.requests;
  }

  /**
   * Sends one request, once.
   *
   * @throws {BrecciaError} `storage-…` by what the answer says, `usage` when the bucket, endpoint or
   * region is wrong, `cancelled`.
   */
  async send(request: S3Request): Promise<S3Answer> {
    const { verb, method, key, headers = {} } = request;
    const conditional = "if-match" in headers || "if-none-match" in headers;
    const what = key === undefined ? this.#name : `${key} in ${this.#name}`;
    let answer: HttpAnswer;
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      answer = await this.#http.send(await this.#toHttp(request));
      bytes = await readAnswer(answer);
    } catch (cause) {
      throw exchangeError({ verb, what, conditional }, cause);
    }
    const { status } = answer;
    const body = status >= 300 || method === "POST" ? new TextDecoder().decode(bytes) : "";
    // An upload's completion can fail after "200 OK" was sent.
    const failedLate = status === 200 && method === "POST" && body.includes("<Error>");
    const absent = status === 404 && key !== undefined && OF_AN_OBJECT.has(method) &&
      elementText(body, "Code") !== "NoSuchBucket";
    const accepted = (status >= 200 && status < 300) || absent ||
      (status === 416 && request.accepts416 === true);
    if (!accepted || failedLate) {
      throw answerError({ verb, what, conditional }, failedLate ? 500 : status, body);
    }
    if (absent && method === "HEAD") await this.#requireBucket();
    return { status, headers: answer.headers, bytes };
  }

  /** A 404 without a body does not tell a missing object from a missing bucket: asks, once. */
  async #requireBucket(): Promise<void> {
    this.#exists ??= this.send({ verb: "use", method: "HEAD" });
    try {
      await this.#exists;
    } catch (error) {
      this.#exists = undefined;
      throw error;
    }
  }

  async #toHttp(request: S3Request): Promise<HttpRequest> {
    const { method, key, query = {}, headers, range, signal } = request;
    // A key's `%` is a character like any other: it is encoded as every other is.
    const path = key === undefined ? "" : `/${key.split("/").map(encodeURIComponent).join("/")}`;
    const url = new URL(this.#base + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const body = (request.body ?? new Uint8Array()) as Uint8Array<ArrayBuffer>;
    return {
      url,
      method,
      headers: { ...headers, [PAYLOAD_HASH_HEADER]: encodeHex(await sha256(body)) },
      ...(request.body === undefined ? {} : { body }),
      ...(range === undefined ? {} : { range }),
      maxBytes: method === "GET" && key !== undefined ? OBJECT_BYTES : DOCUMENT_BYTES,
      ...(signal === undefined ? {} : { signal }),
    };
  }
}
