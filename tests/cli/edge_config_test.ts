import assert from "node:assert/strict";
import { parseSiteConfig } from "../../workers/entry/site_config.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { call } from "./call.ts";
import { RunningEdge } from "./running_edge.ts";
import { StaticRepository } from "./static_repository.ts";

const GOOD = { name: "apps", url: "https://updates.example/", root: "root.json" };

function parse(upstreams: unknown, rest: Record<string, unknown> = {}) {
  return parseSiteConfig(JSON.stringify({ ...rest, upstreams }), "edge.json");
}

Deno.test("a configuration names each upstream with its settings, and has defaults for the rest", () => {
  const { store, listen, upstreams } = parse([
    { ...GOOD, url: ["https://a.example/", "https://b.example/x"] },
    {
      ...{ ...GOOD, name: "old-1", prefix: "/", mode: "on-demand", interval: 5 },
      ...{ include: "**/*.whl", exclude: ["a/*"], maxTarget: "1.5MB" },
    },
  ], { store: "fs:/srv/edge", listen: "0.0.0.0:80" });
  assert.deepEqual([store, listen], ["fs:/srv/edge", "0.0.0.0:80"]);
  const [first, second] = upstreams;
  assert.deepEqual(first, {
    ...{ name: "apps", urls: ["https://a.example/", "https://b.example/x"], root: "root.json" },
    ...{ prefix: "/apps", onDemand: false, interval: 60 },
    rules: { include: [], exclude: [], maxBytes: undefined },
  });
  assert.deepEqual([second?.prefix, second?.onDemand, second?.interval], ["/", true, 5]);
  const rules = { include: ["**/*.whl"], exclude: ["a/*"], maxBytes: 1_500_000 };
  assert.deepEqual(second?.rules, rules);
});

Deno.test("what is wrong in a configuration is told by one sentence that names the setting", () => {
  const wrong: readonly (readonly [upstreams: unknown, told: RegExp])[] = [
    [[], /edge\.json: upstreams is empty; name a repository$/],
    [{}, /: upstreams is no list; /],
    [["x"], /: upstreams\[0\] is no object; /],
    [[{ ...GOOD, nmae: "x" }], /: upstreams\[0\]\.nmae is no setting; those there are: name, /],
    [[{ ...GOOD, name: undefined }], /: upstreams\[0\]\.name is missing; give a name/],
    [[{ ...GOOD, name: "A/../b" }], /: upstreams\[0\]\.name is "A\/\.\.\/b"; use lower-case/],
    [[{ ...GOOD, name: "x".repeat(64) }], /\.name is "x+"; use lower-case/],
    [[{ ...GOOD, name: 7 }], /\.name is no text; /],
    [[GOOD, GOOD], /: upstreams\[1\]\.name is "apps" once more; give each its own$/],
    [[GOOD, { ...GOOD, name: "b", prefix: "/apps" }], /\[1\]\.prefix is "\/apps" once more; /],
    [[{ ...GOOD, url: undefined }], /\.url is missing; give the repository's URL$/],
    [[{ ...GOOD, url: [] }], /\.url is missing; /],
    [[{ ...GOOD, url: "ftp://x/" }], /\.url is "ftp:\/\/x\/"; give an http\(s\) URL$/],
    [[{ ...GOOD, url: ["https://x/", ""] }], /\.url\[1\] is no text; /],
    [[{ ...GOOD, root: "" }], /\.root is no text; /],
    [[{ ...GOOD, root: undefined }], /\.root is missing; give the path of /],
    [[{ ...GOOD, prefix: "apps" }], /\.prefix is "apps"; give "\/", or "\/NAME" /],
    [[{ ...GOOD, name: "targets" }], /\.prefix is "\/targets"; give /],
    [[{ ...GOOD, prefix: "/a/b" }], /\.prefix is "\/a\/b"; give /],
    [[{ ...GOOD, mode: "lazy" }], /\.mode is "lazy"; give "eager" or "on-demand"$/],
    [[{ ...GOOD, interval: 0 }], /\.interval is no whole number from 1 to 86400; /],
    [[{ ...GOOD, interval: "60" }], /\.interval is no whole number /],
    [[{ ...GOOD, include: [1] }], /\.include\[0\] is no text; /],
    [[{ ...GOOD, maxTarget: "big" }], /\.maxTarget is "big"; give a size /],
    [Array(257).fill(GOOD), /: upstreams has more than 256 entries; /],
  ];
  const refusal = (text: string): string => {
    try {
      parseSiteConfig(text, "edge.json");
    } catch (error) {
      assert.ok(isBrecciaError(error, "usage"), String(error));
      assert.match(error.message, /^Cannot use edge\.json: [^\n]*[^.\n]$/);
      return error.message;
    }
    assert.fail(`${text} was taken`);
  };
  for (const [upstreams, told] of wrong) {
    assert.match(refusal(JSON.stringify({ upstreams })), told);
  }
  assert.match(refusal('{"upstreams": [}'), /edge\.json: it is no JSON \(.*\); mend it$/);
  assert.match(refusal("[]"), /: it is no object; /);
  assert.match(refusal('{"upstream": []}'), /: upstream is no setting; those there are: store, /);
  assert.match(refusal('{"upstreams": [], "store": 1}'), /: upstreams is empty; /);
  assert.match(refusal(JSON.stringify({ upstreams: [GOOD], store: 1 })), /: store is no text; /);
});

Deno.test("flags of one upstream do not go with a configuration of several", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/edge.json`, JSON.stringify({ upstreams: [GOOD] }));
  for (const flag of ["--upstream=http://x/", "--interval=5", "--on-demand", "--include=*"]) {
    const { code, stderr } = await call(["edge", "--config", `${folder}/edge.json`, flag]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /error\[usage\]: --[a-z-]+ does not go with --config, .*; set it in .*\n$/,
    );
  }
  const env = { BRECCIA_ROOT: "/etc/breccia/root.json", BRECCIA_UPSTREAM: "http://x/" };
  const missing = await call(["edge", "--config", `${folder}/edge.json`], { env });
  assert.match(missing.stderr, /root\.json: there is no such file; check the path/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("edge --config mirrors two repositories; that one is tampered with is no matter of the other", async () => {
  const [good, bad] = [await StaticRepository.create(), await StaticRepository.create()];
  const config = good.path("edge.json");
  const upstream = (name: string, { url, root }: StaticRepository, more = {}) => {
    return { name, url, root, interval: 1, ...more };
  };
  await Deno.writeTextFile(
    config,
    JSON.stringify({
      store: "fs:store",
      listen: "127.0.0.1:1",
      upstreams: [upstream("good", good), upstream("bad", bad, { prefix: "/" })],
    }),
  );
  try {
    await using edge = new RunningEdge(["--config", config, "--threads", "2"]);
    const url = await edge.listening();
    const version = async (prefix: string) => {
      const answer = await fetch(`${url}${prefix}metadata/timestamp.json`);
      return answer.ok ? JSON.parse(await answer.text()).signed.version : await answer.text();
    };
    await until(async () => await version("good/") === 2 && await version("") === 2);
    assert.ok((await Deno.stat(good.path("store"))).isDirectory, "paths count from the file");

    const timestamp = `${bad.folder}/metadata/timestamp.json`;
    const honest = await Deno.readTextFile(timestamp);
    await Deno.writeTextFile(timestamp, honest.replace(/"version": ?2/, '"version":9'));
    await good.publish("1.1.0");
    await until(async () => await version("good/") === 3);
    const failed = await edge.logged("refresh failed");
    assert.equal(failed["upstream"], "bad");
    assert.equal(await version(""), 2, "the last good state");
    const ready = await (await fetch(`${url}readyz`)).json();
    assert.equal(ready.ready, true);
    await until(async () => {
      const { upstreams } = await (await fetch(`${url}status.json`)).json();
      return upstreams[0].trouble === null && upstreams[1].trouble?.code === failed["code"];
    });
    assert.equal((await fetch(`${url}good/targets/demo-1.1.0.tar`)).status, 200);
    const device = ["--at", good.path("device"), "--from", `${url}good/`, "--root", good.root];
    const updated = await call(["update", ...device, "--json"]);
    assert.equal(updated.code, 0, updated.stderr);
    assert.match(updated.stdout, /1\.1\.0/);
    assert.equal((await fetch(`${url}targets/demo-1.1.0.tar`)).status, 404);

    await Deno.writeTextFile(timestamp, honest);
    await bad.publish("1.1.0");
    await until(async () => await version("") === 3);
    assert.equal(await edge.stop(), 0);

    const once = await call(["mirror", "--config", config, "--json"]);
    assert.equal(once.code, 0, once.stderr);
    const names = JSON.parse(once.stdout).upstreams.map((
      { upstream, news }: Record<string, unknown>,
    ) => [
      upstream,
      news,
    ]);
    assert.deepEqual(names, [["good", false], ["bad", false]]);

    await Deno.writeTextFile(timestamp, honest.replace(/"version": ?2/, '"version":9'));
    await good.publish("1.2.0");
    const failing = await call(["mirror", "--config", config]);
    assert.ok(failing.code >= 3);
    assert.match(failing.stdout, /^good: Mirrored 3 releases and 6 targets .*\n$/);
    assert.match(failing.stderr, /"upstream":"bad"/);
  } finally {
    await good.close();
    await bad.close();
  }
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!await holds()) {
    assert.ok(performance.now() < deadline, "it did not happen within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
