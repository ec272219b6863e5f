import { BrecciaError } from "../../../src/errors.ts";

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
  const url = URL.parse(location);
  if (url?.protocol !== "s3:" || url.hostname === "") {
    throw refused("it is no s3://BUCKET/PREFIX?endpoint=URL&region=NAME");
  }
  if (url.username !== "" || url.password !== "") throw refused(NO_CREDENTIALS);
  const parameters = [...url.searchParams.keys()];
  if (parameters.some((name) => !["endpoint", "region"].includes(name))) {
    throw refused("it has another parameter than endpoint and region");
  }
  if (new Set(parameters).size < parameters.length) throw refused("it has a parameter twice");
  const region = url.searchParams.get("region") ?? "us-east-1";
  if (!REGION.test(region)) {
    throw refused("its region is no name such as eu-central-1, of letters, digits and hyphens");
  }
  const endpoint = URL.parse(
    url.searchParams.get("endpoint") ?? `https://s3.${region}.amazonaws.com`,
  );
  if (endpoint === null || !/^https?:$/.test(endpoint.protocol)) {
    throw refused("its endpoint is no http or https URL");
  }
  if (endpoint.username !== "" || endpoint.password !== "") throw refused(NO_CREDENTIALS);
  if (endpoint.search !== "" || endpoint.hash !== "") {
    throw refused("its endpoint has a query or a fragment, which no bucket is asked with");
  }
  const prefix = decodePath(url.pathname).replace(/^\/+|\/+$/g, "");
  return { bucket: url.hostname, prefix, endpoint, region };
}

/** Stands in the host of the endpoint: anything else could name another host. */
const REGION = /^[a-z0-9](?:[a-z0-9-]{0,62})$/i;

const NO_CREDENTIALS = "credentials belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw refused("its prefix has a % that begins no percent-encoded UTF-8; write it as %25");
  }
}

/** What was put into the wrong place may be a secret: nothing of it is shown. */
function refused(why: string): BrecciaError {
  return new BrecciaError("usage", `Cannot use this s3: URL as a store: ${why}`);
}
