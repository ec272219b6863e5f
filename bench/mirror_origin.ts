/** The upstream of bench/mirror.ts: 10,000 targets of 100 KB from memory. Prints its address and its root's path. */
import { encodeHex, sha256 } from "../src/bytes/mod.ts";
import type { TargetFile } from "../src/tuf/mod.ts";
import { noise } from "../tests/delta/sample_files.ts";
import { DAY, SimulatedRepository } from "../tests/simulator/repository.ts";

const [folder, count, bytes] = [Deno.args[0], Number(Deno.args[1]), Number(Deno.args[2])];
const repository = await SimulatedRepository.create();
const content = new Map<string, Uint8Array<ArrayBuffer>>();
const targets = new Map<string, TargetFile>();
for (let i = 0; i < count; i++) {
  const body = noise(bytes, i + 1);
  const digest = encodeHex(await sha256(body));
  targets.set(`app/${i}.bin`, { length: bytes, hashes: new Map([["sha256", digest]]) });
  content.set(`/targets/app/${digest}.${i}.bin`, body);
}
repository.role("targets").targets = targets;
repository.expireAll(Date.now() + DAY);
await repository.publishRoot();
await repository.publish();
await Deno.writeFile(`${folder}/root.json`, repository.served.get("1.root.json") as Uint8Array);

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`http://127.0.0.1:${port}/`),
}, (request) => {
  const { pathname } = new URL(request.url);
  const body = pathname.startsWith("/metadata/")
    ? repository.served.get(pathname.slice("/metadata/".length))
    : content.get(pathname);
  return body === undefined
    ? new Response(null, { status: 404 })
    : new Response(body as Uint8Array<ArrayBuffer>);
});
