import { testNeeding } from "../requirement.ts";

/** The Node that tests run. */
export const NODE = Deno.env.get("BRECCIA_NODE") ?? "node";

/** A test that needs Node 22 or newer. */
export function testNeedingNode(name: string, body: () => Promise<void>): void {
  testNeeding(
    {
      what:
        "Node 22 or newer (npm install node@22, then BRECCIA_NODE=…/node_modules/node/bin/node)",
      available: nodeVersion() >= 22,
    },
    name,
    body,
  );
}

function nodeVersion(): number {
  try {
    const { stdout } = new Deno.Command(NODE, { args: ["--version"] }).outputSync();
    return Number(/^v(\d+)/.exec(new TextDecoder().decode(stdout))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
