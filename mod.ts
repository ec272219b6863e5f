/**
 * Breccia's portable client: software updates that need no trust in the network, the mirror or the
 * cache.
 *
 * @module
 */

export {
  BrecciaError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorFamily,
  exitCodeOf,
  isBrecciaError,
} from "./src/errors.ts";
