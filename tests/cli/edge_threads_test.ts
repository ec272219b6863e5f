import assert from "node:assert/strict";
import { runProgram } from "../../src/cli/program.ts";
import { call } from "./call.ts";
import { StaticRepository } from "./static_repository.ts";

Deno.test("edge --threads serves from several threads that follow one upstream and count together", async () => {
  const repository = await StaticRepository.create();
  const stop = new AbortController();
  const listening = Promise.withResolvers<string>();
  const ended = runProgram({
    words: [
      ...["edge", "--upstream", repository.url, "--json"],
      ...["--root", repository.root, "--store", `fs:${repository.path("store")}`],
      ...["--threads", "3", "--interval", "1", "--listen", "127.0.0.1:0"],
    ],
    env: () => undefined,
    cwd: repository.folder,
    stdout: (text) => listening.resolve(JSON.parse(text).url),
    stderr: () => {},
    terminal: false,
    signal: stop.signal,
    version: "0.0.0",
  });
  try {
    const url = await Promise.race([listening.promise, ended.then((code) => `exit ${code}`)]);
    await until(async () => await versions(url) === "2");
    await repository.publish("1.1.0");
    await until(async () => await versions(url) === "3");

    const answers = async () => {
      const text = await (await fetch(`${url}metrics`)).text();
      return Number(/answers_total\{route="metadata",status="200"\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    // One thread alone has answered only some of them.
    const before = served;
    await until(async () => await answers() >= before);
    assert.equal(await answers(), before, "every answer is counted once, by whichever thread");
  } finally {
    stop.abort();
    assert.equal(await ended, 0);
    await repository.close();
  }
});

Deno.test("edge --threads refuses a store in memory, which threads can't share", async () => {
  const { code, stderr } = await call(
    ["edge", "--upstream", "http://127.0.0.1:9/", "--root", "deno.json"].concat(
      ["--store", "memory:", "--threads", "2"],
    ),
  );
  assert.equal(code, 2);
  assert.match(stderr, /--threads 2 can't share memory:/);
});

let served = 0;

/** The versions of the timestamp in 24 answers on connections of their own, which all threads take. */
async function versions(url: string): Promise<string> {
  const client = () => Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const seen = new Set<number>();
  for (let number = 0; number < 24; number++) {
    using own = client();
    const answer = await fetch(`${url}metadata/timestamp.json`, { client: own });
    const text = await answer.text();
    if (answer.ok) served++;
    seen.add(answer.ok ? JSON.parse(text).signed.version : answer.status);
  }
  return [...seen].sort().join(" ");
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!await holds()) {
    assert.ok(performance.now() < deadline, "it did not happen within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
