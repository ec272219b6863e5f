import assert from "node:assert/strict";
import { DAY, SimulatedRepository } from "../simulator/repository.ts";
import { serveRepository, type SimulatedServer } from "../simulator/server.ts";

const PROGRAM = new URL("../../bin/breccia-conformance", import.meta.url).pathname;

/** A client as the public suite runs it: one process for each call. */
class ConformanceClient implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: SimulatedServer;

  private constructor(folder: string, server: SimulatedServer) {
    this.#folder = folder;
    this.#server = server;
  }

  static async initialized(
    repository: SimulatedRepository,
    server: SimulatedServer,
  ): Promise<ConformanceClient> {
    const client = new ConformanceClient(await Deno.makeTempDir(), server);
    const root = `${client.#folder}/initial_root.json`;
    await Deno.writeFile(root, repository.served.get("1.root.json") as Uint8Array);
    assert.equal(await client.#run("init", root), 0);
    return client;
  }

  refresh(): Promise<number> {
    return this.#run("--metadata-url", this.#server.metadataUrl, "refresh");
  }

  download(target: string): Promise<number> {
    return this.#run(
      ...["--metadata-url", this.#server.metadataUrl, "--target-name", target],
      ...["--target-base-url", this.#server.targetsUrl],
      ...["--target-dir", `${this.#folder}/downloads`, "download"],
    );
  }

  /** The files of a folder, in order. */
  files(folder: "trusted" | "downloads"): string[] {
    try {
      return [...Deno.readDirSync(`${this.#folder}/${folder}`)].map(({ name }) => name).sort();
    } catch {
      return [];
    }
  }

  read(path: string): Uint8Array {
    return Deno.readFileSync(`${this.#folder}/${path}`);
  }

  async #run(...words: string[]): Promise<number> {
    const { code } = await new Deno.Command(PROGRAM, {
      args: ["--metadata-dir", `${this.#folder}/trusted`, ...words],
      env: { PATH: `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}` },
      stderr: "null",
    }).output();
    return code;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.#folder, { recursive: true });
  }
}

async function livingRepository(): Promise<SimulatedRepository> {
  const repository = await SimulatedRepository.create();
  repository.expireAll(Date.now() + DAY);
  await repository.publishRoot();
  await repository.publish();
  return repository;
}

Deno.test("conformance: refresh keeps exactly the TUF files, byte for byte, and asks for no more", async () => {
  const repository = await livingRepository();
  await using server = serveRepository(repository);
  await using client = await ConformanceClient.initialized(repository, server);
  assert.deepEqual(server.requests, []);
  assert.equal(await client.refresh(), 0);
  assert.deepEqual(server.requests, [
    "2.root.json",
    "timestamp.json",
    "1.snapshot.json",
    "1.targets.json",
  ]);
  const names = ["root.json", "snapshot.json", "targets.json", "timestamp.json"];
  assert.deepEqual(client.files("trusted"), names);
  assert.deepEqual(
    client.read("trusted/snapshot.json"),
    repository.served.get("1.snapshot.json"),
  );
});

Deno.test("conformance: a rollback exits 1 and leaves every trusted file as it was", async () => {
  const repository = await livingRepository();
  await repository.publish({ bump: true });
  await using server = serveRepository(repository);
  await using client = await ConformanceClient.initialized(repository, server);
  assert.equal(await client.refresh(), 0);
  const before = client.files("trusted").map((name) => client.read(`trusted/${name}`));
  repository.timestamp.version = 1;
  await repository.publishTimestamp();
  assert.equal(await client.refresh(), 1);
  const after = client.files("trusted").map((name) => client.read(`trusted/${name}`));
  assert.deepEqual(after, before);
});

Deno.test("conformance: a target is downloaded once, and never when its bytes are wrong", async () => {
  const repository = await livingRepository();
  const content = new TextEncoder().encode("the content");
  const { hashes } = await repository.addTarget("dir/app.txt", content);
  await repository.publish({ bump: true });
  await using server = serveRepository(repository);
  await using client = await ConformanceClient.initialized(repository, server);
  const location = `dir/${hashes.get("sha256")}.app.txt`;

  server.targets.set(location, new TextEncoder().encode("the conteNt"));
  assert.equal(await client.download("dir/app.txt"), 1);
  assert.deepEqual(client.files("downloads"), []);

  server.targets.set(location, content);
  assert.equal(await client.download("dir/app.txt"), 0);
  assert.deepEqual(client.read("downloads/dir%2Fapp.txt"), content);
  server.targets.clear();
  assert.equal(await client.download("dir/app.txt"), 0, "what is there is not fetched again");
  assert.equal(await client.download("dir/other.txt"), 1);
});

Deno.test("conformance: role names that mean something to URLs and disks are quoted", async () => {
  const repository = await livingRepository();
  for (const role of ["?", "#", "/delegatedrole", "../delegatedrole"]) {
    await repository.delegate("targets", role);
  }
  await repository.publish({ bump: true });
  await using server = serveRepository(repository);
  await using client = await ConformanceClient.initialized(repository, server);
  assert.equal(await client.download("nowhere"), 1);
  assert.deepEqual(server.requests.slice(4), [
    "2.%3F.json",
    "2.%23.json",
    "2.%2Fdelegatedrole.json",
    "2...%2Fdelegatedrole.json",
  ]);
  assert.ok(client.files("trusted").includes("..%2Fdelegatedrole.json"));
});
