import { bundle } from "../../bin/bundle.ts";

/** The portable suite as one ES module for any runtime. */
export function bundleSuite(): Promise<string> {
  const assert = new URL("assert.ts", import.meta.url).href;
  return bundle("tests/portable/suite.ts", "browser", {
    imports: { "node:assert/strict": assert },
  });
}
