import { testNeeding } from "../requirement.ts";

const PATH = Deno.env.get("BRECCIA_CHROMIUM") ?? "/usr/bin/chromium";

/** How tests launch Chromium: headless, and asking nothing of the network. */
export const CHROMIUM = {
  executablePath: PATH,
  args: [
    ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    ...["--disable-component-update", "--disable-sync", "--no-first-run"],
  ],
};

/** A test that needs Chromium. */
export function testNeedingChromium(name: string, body: () => Promise<void>): void {
  testNeeding(
    { what: "chromium (apt-get install chromium)", available: isThere(PATH) },
    name,
    body,
  );
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
