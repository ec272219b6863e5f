/** One cold run of our client: refresh, then look-ups. Arguments: FOLDER METADATA_URL PATHS.json */
import { HttpClient, readAnswer } from "../../src/transport/mod.ts";
import {
  MemoryMetadataStore,
  type MetadataRequest,
  type MetadataSource,
  refresh,
} from "../../src/tuf/mod.ts";

const [folder, url, pathsFile] = Deno.args as [string, string, string];
const http = new HttpClient({ fetch });
const source: MetadataSource = {
  async fetch<T>(name: string, { maxBytes, accept }: MetadataRequest<T>): Promise<T | undefined> {
    const answer = await http.send({ url: new URL(name, `${url}/`), maxBytes });
    if (answer.status === 200) return await accept(await readAnswer(answer));
    await answer.cancel();
    return undefined;
  },
};
const paths: string[] = JSON.parse(Deno.readTextFileSync(pathsFile));
const trustedRoot = Deno.readFileSync(`${folder}/root.json`);
const store = new MemoryMetadataStore();
const idle = Deno.memoryUsage().rss;

const started = performance.now();
const metadata = await refresh({ source, store, trustedRoot, now: Date.now() });
const refreshed = performance.now();
const resident = Deno.memoryUsage().rss - idle;
for (const path of paths) {
  if (await metadata.findTarget(path) === undefined) throw new Error(`${path} was not found`);
}
const found = performance.now();
const before = http.requests;
await refresh({ source, store, trustedRoot, now: Date.now() });
console.log(JSON.stringify({
  refresh: refreshed - started,
  lookups: found - refreshed,
  resident: resident / 2 ** 20,
  noOpRequests: http.requests - before,
}));
