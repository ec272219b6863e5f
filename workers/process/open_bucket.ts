import { setTimeout } from "node:timers/promises";
import { RetryingStore } from "../../cache/stores/retry.ts";
import { type S3Credentials, S3Store } from "../../cache/stores/s3/s3.ts";
import { parseS3Location } from "../../cache/stores/s3/s3_location.ts";
import { BrecciaError } from "../../src/errors.ts";
import { type ManagedStore, systemClock } from "../../src/ports/mod.ts";

/**
 * The bucket that an `s3:` URL names, with the credentials of the environment.
 *
 * @throws {BrecciaError} `usage` when the URL is none or credentials are missing.
 */
export function openBucket(
  location: string,
  env: (name: string) => string | undefined,
): ManagedStore {
  const store = new S3Store({
    ...parseS3Location(location),
    credentials: credentialsOf(env),
    fetch: (request) => fetch(request),
    clock: systemClock,
  });
  return new RetryingStore(store, {
    random: () => Math.random(),
    wait: async (milliseconds, signal) => {
      await setTimeout(milliseconds, undefined, signal === undefined ? {} : { signal });
    },
  });
}

function credentialsOf(env: (name: string) => string | undefined): S3Credentials {
  const accessKeyId = env("AWS_ACCESS_KEY_ID");
  const secretAccessKey = env("AWS_SECRET_ACCESS_KEY");
  if (!accessKeyId || !secretAccessKey) {
    throw new BrecciaError(
      "usage",
      "Cannot open the bucket: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
    );
  }
  const sessionToken = env("AWS_SESSION_TOKEN");
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}
