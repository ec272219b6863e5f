import assert from "node:assert/strict";
import { type Browser, chromium } from "playwright-core";
import { CHROMIUM, testNeedingChromium } from "../portable/chromium.ts";
import { testNeedingNode as testOnNode } from "../portable/node.ts";
import { testNeeding } from "../requirement.ts";
import { HttpRepository } from "../workers/http_repository.ts";
import { hasNpm, NpmProject } from "./npm_project.ts";

/** A test that needs Node 22, and npm with a registry that it reaches. */
const testNeedingNode = hasNpm()
  ? testOnNode
  : (name: string, body: () => Promise<void>) =>
    testNeeding({ what: "npm", available: false }, name, body);

let made: Promise<NpmProject> | undefined;
let bundled: Promise<void> | undefined;
const project = (): Promise<NpmProject> => made ??= NpmProject.create();

Deno.test.afterAll(async () => await (await made)?.[Symbol.asyncDispose]());

testNeedingNode("each export of the package loads in Node", async () => {
  const npm = await project();
  const names = await npm.exports();
  assert.ok(names.includes("@breccia/breccia/worker/site"));
  await npm.write(
    "each.js",
    `const counts = {};
for (const name of ${JSON.stringify(names)}) counts[name] = Object.keys(await import(name)).length;
console.log(JSON.stringify(counts));`,
  );
  const counts = JSON.parse(await npm.node(["each.js"]));
  assert.deepEqual(Object.keys(counts), names);
  assert.deepEqual(Object.entries(counts).filter(([, count]) => count === 0), []);
});

testNeedingNode("zstd and a store of files work in Node from the package", async () => {
  const npm = await project();
  await npm.write(
    "store.js",
    `import { loadZstd } from "@breccia/breccia/codec";
import { FileStore } from "@breccia/breccia/store/fs";
const store = await new FileStore("store");
const zstd = await loadZstd();
const plain = new TextEncoder().encode("chunk ".repeat(1000));
await store.put("chunk", zstd.compress(plain, 9));
const { bytes } = await store.get("chunk");
console.log(bytes.length < 100, new TextDecoder().decode(zstd.decompress(bytes, plain.length)).length);`,
  );
  assert.equal((await npm.node(["store.js"])).trim(), "true 6000");
});

for (const [module, moduleResolution] of [["nodenext", "nodenext"], ["esnext", "bundler"]]) {
  testNeedingNode(
    `the types of the package pass tsc --strict with ${moduleResolution}`,
    async () => {
      const npm = await project();
      const imports = (await npm.exports()).map((name, at) => `import * as $${at} from "${name}";`);
      const uses = imports.map((_, at) => `$${at}`).join(", ");
      await npm.write(
        "types.ts",
        `${imports.join("\n")}
import { type Update, Updater, type UpdaterOptions } from "@breccia/breccia";
export const all: readonly object[] = [${uses}];
export const check = (options: UpdaterOptions): Promise<Update | undefined> =>
  Updater.open(options).check();
// @ts-expect-error An updater without mirrors, store and installation has no type.
Updater.open({});
`,
      );
      await npm.node([
        ...["node_modules/typescript/bin/tsc", "--strict", "--noEmit", "--target", "esnext"],
        ...["--module", module as string, "--moduleResolution", moduleResolution as string],
        ...["--lib", "esnext,dom,dom.iterable,dom.asynciterable", "--types", "node", "types.ts"],
      ]);
    },
  );
}

testNeedingNode("publint finds nothing to say of the package", async () => {
  const npm = await project();
  const said = await npm.node([
    ...["node_modules/publint/src/cli.js", "node_modules/@breccia/breccia", "--strict"],
  ]);
  assert.match(said, /All good!/);
});

/** What a page should report. */
const WORKS = {
  signed: { version: "1.1.0", isPlanned: true },
  forged: { code: "arbitrary-software" },
  zstd: { isSmaller: true, isSame: true },
};

testNeedingBrowser("a page bundled by Vite verifies an update", "vite/", WORKS);
testNeedingBrowser("a page bundled by esbuild verifies an update", "esbuild/", WORKS);
testNeedingBrowser("a page bundled by webpack verifies an update", "webpack/", WORKS);
testNeedingBrowser("a classic worker verifies an update", "classic/", WORKS);
testNeedingBrowser(
  "a classic worker imports dist/breccia.js and verifies an update",
  "classic/?library=/breccia.js",
  WORKS,
);
testNeedingBrowser(
  "where a page forbids WebAssembly, zstd and what needs it fail with a code",
  "strict/",
  { ...WORKS, signed: { code: "wrong-state" }, zstd: { code: "wrong-state" } },
);

/** A test that needs Node and Chromium: opens a page of the project, and compares what it reports. */
function testNeedingBrowser(name: string, path: string, expected: unknown): void {
  const test = hasNpm() ? testNeedingChromium : testNeedingNode;
  test(name, async () => {
    const npm = await project();
    await (bundled ??= npm.bundle());
    await using repository = await HttpRepository.create();
    const reported = Promise.withResolvers<unknown>();
    await using server = serve(npm, repository, reported.resolve);
    const browser: Browser = await chromium.launch(CHROMIUM);
    try {
      const page = await browser.newPage();
      const fail = (error: unknown): void => reported.reject(error);
      page.on("pageerror", fail);
      page.on("worker", (worker) => worker.on("close", () => fail(new Error("it ended"))));
      await page.goto(`http://127.0.0.1:${server.addr.port}/${path}`);
      assert.deepEqual(await reported.promise, expected);
    } finally {
      await browser.close();
    }
  });
}

/** Serves what was bundled, a repository, the same with a forged timestamp, and takes reports. */
function serve(
  npm: NpmProject,
  repository: HttpRepository,
  report: (what: unknown) => void,
): Deno.HttpServer<Deno.NetAddr> {
  const listening = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  return Deno.serve(listening, async (request) => {
    const [, folder = "", ...rest] = new URL(request.url).pathname.split("/");
    const url = `http://repository.test/${rest.join("/")}`;
    if (folder === "report") {
      report(await request.json());
      return new Response(null);
    }
    if (folder === "repository") return await repository.fetch({ url });
    if (folder === "forged") {
      const answer = await repository.fetch({ url });
      if (!url.endsWith("/timestamp.json")) return answer;
      return new Response((await answer.text()).replace(/"version":(\d+)/, '"version":9$1'));
    }
    return await pageFile(npm, folder, rest.join("/"));
  });
}

/** `strict/` is what esbuild made, on a page that forbids WebAssembly. */
async function pageFile(npm: NpmProject, folder: string, name: string): Promise<Response> {
  const isStrict = folder === "strict";
  const made = isStrict ? "esbuild" : folder;
  const path = folder === "breccia.js" ? folder : `${made}/${name === "" ? "index.html" : name}`;
  try {
    const bytes = await Deno.readFile(`${npm.folder}/out/${path}`);
    const headers = {
      "content-type": path.endsWith(".html") ? "text/html" : "text/javascript",
      ...(isStrict && { "content-security-policy": "script-src 'self'" }),
    };
    return new Response(bytes, { headers });
  } catch {
    return new Response(null, { status: 404 });
  }
}
