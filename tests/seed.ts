/**
 * Loaded before the tests: property tests draw from one seed, so that a failure on one machine is a
 * failure on all. `BRECCIA_TEST_SEED` chooses another.
 */
import fc from "fast-check";

fc.configureGlobal({ seed: Number(Deno.env.get("BRECCIA_TEST_SEED") ?? 20_261_121) });
