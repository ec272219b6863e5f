import { BrecciaError, isBrecciaError } from "../../src/errors.ts";

/** Causes by their number on Linux, which Deno tells, and by their name, which Node does. */
const CAUSES: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/EADDRINUSE|os error 98\b/, "another program has it; stop that one, or give another --listen"],
  [/EADDRNOTAVAIL|os error 99\b/, "this machine has no such address; give one of its own"],
  [/EACCES|EPERM|os error (?:1|13)\b/, "this user may not take that port; give one from 1024 on"],
  [/ENOTFOUND|EAI_|failed to lookup/i, "no address goes by that name; give an address"],
];

/**
 * What a person is told when `address` can't be listened on; any other error as it is.
 */
export function listenError(address: string, cause: unknown): unknown {
  if (isBrecciaError(cause)) return cause;
  const text = `${(cause as { readonly code?: string } | undefined)?.code ?? ""} ${String(cause)}`;
  const why = CAUSES.find(([pattern]) => pattern.test(text))?.[1];
  if (why === undefined) return cause;
  return new BrecciaError("address-unavailable", `Cannot listen on ${address}: ${why}`, { cause });
}
