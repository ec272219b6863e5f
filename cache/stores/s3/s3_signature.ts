import { AwsV4Signer } from "aws4fetch";
import type { Clock, Fetch } from "../../../src/ports/mod.ts";

/** Who asks. Held in memory only; no message, log record or error ever shows them. */
export interface S3Credentials {
  /** Public half of the key pair. */
  readonly accessKeyId: string;
  /** Secret half: never logged, never part of a message. */
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
}

/** Carries the SHA-256 of the body, in hex: with it the service refuses a body changed on the way. */
export const PAYLOAD_HASH_HEADER = "x-amz-content-sha256";

/**
 * Signs each request with AWS Signature Version 4 on its way out. Redirects are not followed: a signature
 * holds for one host.
 */
export function signingFetch(
  fetch: Fetch,
  { credentials, region, clock }: {
    readonly credentials: S3Credentials;
    readonly region: string;
    readonly clock: Clock;
  },
): Fetch {
  // Derived keys by date: four HMACs less for each request.
  const cache = new Map<string, ArrayBuffer>();
  return async (request) => {
    const headers = new Headers(request.headers);
    // Runtimes and proxies rewrite it, and a signed header may not change on the way.
    headers.delete("accept-encoding");
    const signed = await new AwsV4Signer({
      ...credentials,
      method: request.method,
      url: request.url,
      headers,
      service: "s3",
      region,
      cache,
      datetime: new Date(clock.now()).toISOString().replaceAll(/[:-]|\.\d{3}/g, ""),
    }).sign();
    const sent = new Headers(signed.headers);
    sent.set("accept-encoding", "identity");
    return await fetch(new Request(request, { headers: sent, redirect: "manual" }));
  };
}
