/**
 * The trust suite, and the one codec of our own, for runtimes other than Deno: the very test files that Deno runs, bundled, with a
 * collector where `Deno.test` was and a small `assert` where Node's was.
 */
import { runCollected } from "./collector.ts";
import "../attack/mutation_attack_test.ts";
import "../attack/role_name_attack_test.ts";
import "../attack/root_attack_test.ts";
import "../attack/snapshot_attack_test.ts";
import "../attack/targets_attack_test.ts";
import "../attack/timestamp_attack_test.ts";
import "../delta/mixing_test.ts";
import "../tuf/delegation_test.ts";
import "../tuf/json_test.ts";
import "../tuf/key_test.ts";
import "../tuf/metadata_store_test.ts";
import "../tuf/metadata_test.ts";
import "../tuf/path_pattern_test.ts";
import "../tuf/refresh_test.ts";

// Node and Chromium ask the module's namespace; workerd asks over HTTP.
export { runCollected };
export default {
  async fetch(): Promise<Response> {
    return Response.json(await runCollected());
  },
};
