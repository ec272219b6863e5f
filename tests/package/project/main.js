/*
 * What the test of the package bundles: looks for an update, as an app would, and reports what came of it. In a page,
 * a module worker or a classic one; `?library=URL` takes Breccia from there.
 */
import * as bundled from "@breccia/breccia";
import { loadZstd } from "@breccia/breccia/codec";
import { MemoryStore } from "@breccia/breccia/store/memory";

const library = new URLSearchParams(location.search).get("library");

async function check(Updater, folder) {
  const repository = new URL(folder, location.origin).href;
  const answer = await fetch(`${repository}metadata/1.root.json`);
  const updater = Updater.open({
    root: new Uint8Array(await answer.arrayBuffer()),
    mirrors: [repository],
    install: {
      current: undefined,
      subscription: undefined,
      held: undefined,
      staged: undefined,
      seeds: () => Promise.resolve([]),
      installedIndex: () => Promise.resolve(undefined),
    },
    cache: new MemoryStore(),
  });
  const update = await updater.check();
  const { release, requests } = await update.plan();
  return { version: release.index.version, isPlanned: requests.length > 0 };
}

async function compress() {
  const zstd = await loadZstd();
  const plain = new Uint8Array(100_000).map((_, at) => at % 251);
  const frame = zstd.compress(plain, 9);
  const back = zstd.decompress(frame, plain.length);
  return { isSmaller: frame.length < plain.length, isSame: `${back}` === `${plain}` };
}

/** What `work` gives, or the code of its error. */
async function outcome(work) {
  try {
    return await work();
  } catch (error) {
    return { code: error?.code ?? String(error) };
  }
}

async function run() {
  const { Updater } = library === null
    ? bundled
    : await import(/* webpackIgnore: true */ /* @vite-ignore */ library);
  const report = {
    signed: await outcome(() => check(Updater, "/repository/")),
    forged: await outcome(() => check(Updater, "/forged/")),
    zstd: await outcome(compress),
  };
  await fetch("/report", { method: "POST", body: JSON.stringify(report) });
}

run();
