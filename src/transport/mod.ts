/**
 * HTTP over the `fetch` port: every answer bounded in bytes and in waiting, every failure named, several
 * mirrors with blame for each.
 *
 * @module
 */

export { BodyReader } from "./body_reader.ts";
export {
  type HttpAnswer,
  HttpClient,
  type HttpClientOptions,
  type HttpRequest,
  readAnswer,
} from "./http_client.ts";
export { type MetadataFileRequest, MetadataMirrors } from "./metadata_mirrors.ts";
export { type Timers } from "./awake_timer.ts";
export {
  DEVICE_PATIENCE,
  type Failure,
  RetryPolicy,
  type RetryPolicyOptions,
  Trial,
} from "./retry_policy.ts";
export { followRedirects, type RedirectReach } from "./redirects.ts";
export { escapePath, Mirror, MirrorSet } from "./mirror_set.ts";
export { retryAfter } from "./retry_after.ts";
export { cutUrlSecrets, publicUrl, withoutUrlSecrets } from "./public_url.ts";
