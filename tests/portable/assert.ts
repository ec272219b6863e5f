/**
 * The part of `node:assert/strict` that the portable suite uses, for runtimes that have none. The import
 * map beside this file puts it in the place of the real one.
 */

type Judge = (error: unknown) => boolean;

function fail(message: string): never {
  throw new Error(message);
}

function ok(value: unknown, message = "it is not true"): asserts value {
  if (!value) fail(message);
}

function equal(actual: unknown, expected: unknown, message = ""): void {
  if (!Object.is(actual, expected)) fail(`${message} ${String(actual)} is not ${String(expected)}`);
}

function deepEqual(actual: unknown, expected: unknown, message = "they differ"): void {
  if (!isDeepEqual(actual, expected)) fail(message);
}

function match(text: string, pattern: RegExp): void {
  if (!pattern.test(text)) fail(`${text} does not match ${pattern}`);
}

function throws(run: () => unknown, judge: Judge): void {
  try {
    run();
  } catch (error) {
    return ok(judge(error), `it threw ${error}`);
  }
  fail("it did not throw");
}

async function rejects(
  run: Promise<unknown> | (() => Promise<unknown>),
  judge: Judge,
): Promise<void> {
  try {
    await (typeof run === "function" ? run() : run);
  } catch (error) {
    return ok(judge(error), `it threw ${error}`);
  }
  fail("it did not throw");
}

/** Arrays, typed arrays, maps, sets and plain objects by what they hold; all else by `Object.is`. */
function isDeepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Map && b instanceof Map) {
    return a.size === b.size &&
      [...a].every(([key, value]) => b.has(key) && isDeepEqual(value, b.get(key)));
  }
  if (a instanceof Set && b instanceof Set) {
    return a.size === b.size && [...a].every((value) => b.has(value));
  }
  const [entriesA, entriesB] = [Object.entries(a), new Map(Object.entries(b))];
  return entriesA.length === entriesB.size &&
    entriesA.every(([key, value]) => entriesB.has(key) && isDeepEqual(value, entriesB.get(key)));
}

export default { ok, equal, deepEqual, match, throws, rejects };
