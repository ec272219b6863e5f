import assert from "node:assert/strict";
import { SharedWork, WorkLocks } from "../../workers/process/work_locks.ts";
import { BrecciaError, isBrecciaError } from "../../src/errors.ts";
import { RunningEdge } from "./running_edge.ts";
import { StaticRepository } from "./static_repository.ts";

/** Clients with a connection each, which the system spreads over the threads. */
const CLIENTS = 200;

Deno.test("a cold target that many clients ask several threads for is fetched once", async () => {
  const repository = await StaticRepository.create();
  try {
    const counts = new Map<string, number>();
    const asked = Promise.withResolvers<void>();
    const honest = repository.answer.bind(repository);
    repository.answer = async (request) => {
      const { pathname } = new URL(request.url);
      counts.set(pathname, (counts.get(pathname) ?? 0) + 1);
      // The first fetch of content ends when all clients have asked.
      if (/^\/(?:packs|targets)\//.test(pathname)) await asked.promise;
      return await honest(request);
    };
    const flags = [
      ...["--upstream", repository.url, "--root", repository.root, "--on-demand"],
      ...["--store", `fs:${repository.path("store")}`],
    ];
    {
      // Threads that find the metadata in the store serve from their first instant on.
      await using first = new RunningEdge(flags);
      await first.logged("generation");
    }
    await using edge = new RunningEdge([...flags, "--threads", "4"]);
    const { hostname, port } = new URL(await edge.listening());
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, () => Deno.connect({ hostname, port: Number(port) })),
    );
    const head = "GET /targets/demo-1.0.0.tar HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n";
    await Promise.all(clients.map((client) => client.write(new TextEncoder().encode(head))));
    asked.resolve();
    const answers = await Promise.all(
      clients.map((client) => new Response(client.readable).text()),
    );
    for (const answer of answers) {
      assert.match(answer, /^HTTP\/1.1 200 /);
      assert.match(answer, /version 1\.0\.0/);
    }
    const content = [...counts].filter(([path]) => /^\/(?:packs|targets)\//.test(path));
    assert.equal(content.length, 2, "an index and a pack");
    assert.deepEqual(content.map(([, count]) => count), [1, 1]);
  } finally {
    await repository.close();
  }
});

Deno.test("who claims work that another does hears how it ended; a failure is tried again", async () => {
  const claims = new WorkLocks();
  const [one, two] = [new SharedWork(claims, "apps"), new SharedWork(claims, "apps")];
  const gate = Promise.withResolvers<void>();
  let done = 0;
  const first = one.join("packs/a", async () => {
    await gate.promise;
    done++;
  });
  const second = two.join("packs/a", () => assert.fail("it is done already"));
  const other = new SharedWork(claims, "wheels").join(
    "packs/a",
    () => Promise.resolve(void done++),
  );
  await other;
  assert.equal(done, 1, "another upstream may know where else to get it");
  gate.resolve();
  await Promise.all([first, second]);
  assert.equal(done, 2);

  const failing = one.join("packs/b", async () => {
    await Promise.resolve();
    throw new BrecciaError("offline", "Cannot reach the upstream: try again");
  });
  const waiting = two.join("packs/b", () => assert.fail("it fails already"));
  for (const outcome of [failing, waiting]) {
    await assert.rejects(outcome, (error) => isBrecciaError(error, "offline"));
  }
  await two.join("packs/b", () => Promise.resolve(void done++));
  assert.equal(done, 3);
});
