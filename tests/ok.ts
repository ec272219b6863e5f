/** What a developer runs before a commit: each step prints only when it fails. */
const SOURCES = ["mod.ts", "src/", "cache/", "workers/"].filter(exists);
const STEPS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ["format", ["fmt", "--check", "--quiet"]],
  ["lint", ["lint", "--quiet"]],
  ["types", ["check", "--quiet", "."]],
  ["documentation", ["doc", "--lint", "--quiet", ...exportedModules()]],
  ["import graph", ["test", "--quiet", "--allow-all", "tests/architecture"]],
  ["doc examples", ["test", "--quiet", "--allow-all", "--doc", "--permit-no-files", ...SOURCES]],
  [
    "unit tests",
    [
      "test",
      "--quiet",
      "--allow-all",
      "--parallel",
      "--preload=tests/seed.ts",
      "--ignore=tests/e2e,tests/portable,tests/architecture,tests/package",
      "tests/",
    ],
  ],
];

for (const [name, args] of STEPS) {
  const started = performance.now();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${success ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (!success) {
    console.log(new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
    Deno.exit(1);
  }
}

/** The modules that `deno.json` exports: their whole surface must be documented. */
function exportedModules(): string[] {
  const config = JSON.parse(Deno.readTextFileSync(new URL("../deno.json", import.meta.url)));
  return Object.values(config.exports as Record<string, string>);
}

function exists(path: string): boolean {
  return [...Deno.readDirSync(new URL("..", import.meta.url))]
    .some((entry) => path.replace("/", "") === entry.name);
}
