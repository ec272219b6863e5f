import { BrecciaError } from "../src/errors.ts";
import { withoutUrlSecrets } from "../src/transport/mod.ts";

/** What the URL of a bucket says. */
export interface S3Location {
  readonly bucket: string;
  readonly prefix: string;
  readonly endpoint: URL;
  readonly region: string;
}

/**
 * Reads `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`. Without an endpoint it is AWS in that region;
 * without a region, `us-east-1`.
 *
 * @throws {BrecciaError} `usage`, also when the URL holds credentials: it ends up in shell histories and
 * process lists.
 */
export function parseS3Location(location: string): S3Location {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url?.protocol !== "s3:" || url.hostname === "") {
    throw refused(location, "it is no s3://BUCKET/PREFIX?endpoint=URL&region=NAME");
  }
  if (url.username !== "" || url.password !== "") {
    throw refused(
      `s3://${url.hostname}`,
      "credentials belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    );
  }
  const unknown = [...url.searchParams.keys()].find((name) =>
    !["endpoint", "region"].includes(name)
  );
  if (unknown !== undefined) throw refused(location, `it has no parameter "${unknown}"`);
  const region = url.searchParams.get("region") ?? "us-east-1";
  const endpoint = url.searchParams.get("endpoint") ?? `https://s3.${region}.amazonaws.com`;
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw refused(location, "its endpoint is no http or https URL");
  }
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, "");
  return { bucket: url.hostname, prefix, endpoint: new URL(endpoint), region };
}

function refused(location: string, why: string): BrecciaError {
  // What was put into the wrong place may be a secret.
  return new BrecciaError("usage", `Cannot use ${withoutUrlSecrets(location)} as a store: ${why}`);
}
