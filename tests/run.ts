/**
 * Runs the whole suite and ends with the line `N passed, N failed`, with each skipped test and its
 * reason above it. Arguments narrow it to files or folders: `deno task test tests/tuf`.
 */
const chosen = Deno.args.filter((argument) => !argument.startsWith("-"));
const flags = Deno.args.filter((argument) => argument.startsWith("-"));
const report = await Deno.makeTempFile({ suffix: ".xml" });
try {
  const status = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--allow-all",
      "--parallel",
      "--doc",
      "--preload=tests/seed.ts",
      `--junit-path=${report}`,
      ...flags,
      ...(chosen.length > 0 ? chosen : ["tests/", "src/", "cache/", "workers/", "mod.ts"]),
    ],
  }).spawn().status;
  const { passed, failed, skipped } = tally(await Deno.readTextFile(report));
  for (const name of skipped) console.log(`skipped: ${name}`);
  console.log(
    `${passed} passed, ${failed} failed` +
      (skipped.length > 0 ? `, ${skipped.length} skipped` : ""),
  );
  Deno.exit(status.success && failed === 0 && passed > 0 ? 0 : 1);
} finally {
  await Deno.remove(report);
}

/** Counts the test cases of a JUnit report. */
function tally(xml: string): { passed: number; failed: number; skipped: string[] } {
  let passed = 0;
  let failed = 0;
  const skipped: string[] = [];
  for (
    const match of xml.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g)
  ) {
    const body = match[2] ?? "";
    if (/<(failure|error)\b/.test(body)) failed++;
    else if (/<skipped\b/.test(body)) skipped.push(unescapeXml(match[1] as string));
    else passed++;
  }
  return { passed, failed, skipped };
}

function unescapeXml(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&apos;", "'").replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
