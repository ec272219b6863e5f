/** What a test of the portable suite came to; `error` is there when it failed. */
export interface PortableResult {
  readonly name: string;
  readonly error?: string;
}

const collected: { readonly name: string; readonly run: () => unknown }[] = [];

// Test files register with `Deno.test`. Where there is no Deno, this takes their registrations.
Reflect.set(globalThis, "Deno", {
  test: (name: string, run: () => unknown) => void collected.push({ name, run }),
});

/** Runs every test that was registered, in order. */
export async function runCollected(): Promise<PortableResult[]> {
  const results: PortableResult[] = [];
  for (const { name, run } of collected) {
    try {
      await run();
      results.push({ name });
    } catch (error) {
      results.push({ name, error: error instanceof Error ? error.message : String(error) });
    }
  }
  return results;
}
