/** One cold run of tuf-js: refresh, then look-ups. Arguments: FOLDER METADATA_URL PATHS.json */
import { Updater } from "tuf-js";

const [folder, url, pathsFile] = Deno.args as [string, string, string];
const paths: string[] = JSON.parse(Deno.readTextFileSync(pathsFile));
const options = { metadataDir: folder, metadataBaseUrl: url };
const config = { targetsMaxLength: 2 ** 28 };
const idle = Deno.memoryUsage().rss;

const started = performance.now();
const updater = new Updater({ ...options, config });
await updater.refresh();
const refreshed = performance.now();
const resident = Deno.memoryUsage().rss - idle;
for (const path of paths) {
  if (await updater.getTargetInfo(path) === undefined) throw new Error(`${path} was not found`);
}
console.log(JSON.stringify({
  refresh: refreshed - started,
  lookups: performance.now() - refreshed,
  resident: resident / 2 ** 20,
}));
