/**
 * Tests that need a service or a browser say so by name. Where the thing is missing, such a test is
 * skipped visibly on a user's machine, with the reason in its name, and fails in CI.
 */
export interface Requirement {
  /** What is needed and how to get it: "chromium (apt-get install chromium)". */
  readonly what: string;
  readonly available: boolean;
}

/** Registers a test that runs only where its requirement is met; in CI it always runs, and fails. */
export function testNeeding(
  requirement: Requirement,
  name: string,
  fn: (context: Deno.TestContext) => void | Promise<void>,
): void {
  if (requirement.available) {
    Deno.test(name, fn);
  } else if (Deno.env.get("CI") === "true") {
    Deno.test(name, () => {
      throw new Error(`CI must provide ${requirement.what}`);
    });
  } else {
    Deno.test({ name: `${name} [skipped: needs ${requirement.what}]`, ignore: true, fn });
  }
}
