/** Runs every benchmark, one after another: `deno task bench`. */
const BENCHES = ["chunk", "tuf", "memory", "delta", "chunk_size"];

for (const name of BENCHES) {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", new URL(`${name}.ts`, import.meta.url).href],
  }).spawn().status;
  if (!success) Deno.exit(1);
}
