import assert from "node:assert/strict";
import { testNeeding } from "../requirement.ts";

const FAKETIME = "/usr/bin/faketime";
const faketime = {
  what: "faketime (apt-get install faketime)",
  available: await Deno.stat(FAKETIME).then(() => true, () => false),
};

/** What a program prints when the system clock says 1980; `deno` is the one that runs this test. */
async function startIn1980(program: string, args: readonly string[]): Promise<Deno.CommandOutput> {
  const path = [Deno.execPath().replace(/\/[^/]*$/, ""), Deno.env.get("PATH")].join(":");
  return await new Deno.Command(FAKETIME, {
    args: [
      "1980-01-01 00:00:00",
      new URL(`../../bin/${program}`, import.meta.url).pathname,
      ...args,
    ],
    env: { PATH: path, NO_COLOR: "1" },
  }).output();
}

testNeeding(faketime, "bin/breccia starts whatever the clock says", async () => {
  const { code, stdout } = await startIn1980("breccia", ["--help"]);
  assert.equal(code, 0);
  assert.match(new TextDecoder().decode(stdout), /^Usage: breccia COMMAND/);
});

testNeeding(faketime, "bin/breccia-conformance starts whatever the clock says", async () => {
  const { code, stderr } = await startIn1980("breccia-conformance", ["refresh"]);
  assert.equal(code, 1);
  assert.equal(
    new TextDecoder().decode(stderr),
    "usage: --metadata-dir is missing\n",
    "it came as far as its own words",
  );
});
