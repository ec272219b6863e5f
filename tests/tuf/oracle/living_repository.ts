import { DAY, SimulatedRepository } from "../../simulator/repository.ts";
import { serveRepository, type SimulatedServer } from "../../simulator/server.ts";

const CONTENT = new TextEncoder().encode("licensed by signatures");

/** What an oracle that knows only the real clock is given to read. */
export interface OracleStory extends AsyncDisposable {
  readonly server: SimulatedServer;
  /** A directory with the trusted root as `root.json`, and room for downloads. */
  readonly folder: string;
  readonly content: Uint8Array;
  /** Each of these lists `content`: top level, delegated, in a hash bin. */
  readonly targets: readonly string[];
}

/**
 * A repository of ours with all that a client can meet: rotated root keys, thresholds, a non-BMP path,
 * delegations, hash bins, unknown fields.
 */
export async function oracleStory(consistentSnapshot: boolean): Promise<OracleStory> {
  const repository = await SimulatedRepository.create();
  repository.root.consistentSnapshot = consistentSnapshot;
  await repository.setKeys("root", 3, 2);
  await repository.addTarget("app.tar", CONTENT);
  await repository.addTarget("grin-😀-｡.txt", CONTENT);
  await repository.delegate("targets", "team", { scope: { paths: ["team/*"] } });
  await repository.addTarget("team/app.tar", CONTENT, "team");
  await repository.delegate("targets", "binned", { scope: { paths: ["binned/*"] } });
  await repository.delegateToBins("binned", 4, "bin");
  await repository.addTargetToBin("binned/app.tar", CONTENT, "binned");
  repository.role("team").unknown = new Map([["x-team", new Map([["b", 1], ["a", 2]])]]);
  repository.expireAll(Date.now() + DAY);
  const root = await repository.publishRoot();
  await repository.rotateRoot(async () => {
    for (const role of ["root", "timestamp", "targets"] as const) {
      await repository.setKeys(role, 2, 2);
    }
  });
  await repository.publish();

  const server = serveRepository(repository);
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/metadata`);
  await Deno.mkdir(`${folder}/downloads`);
  await Deno.writeFile(`${folder}/metadata/root.json`, root);
  const targets = ["app.tar", "team/app.tar", "binned/app.tar"];
  for (const path of targets) {
    const [file] = [...repository.targets.values()].flatMap(({ targets }) =>
      targets.get(path) ?? []
    );
    const name = path.lastIndexOf("/") + 1;
    const digest = consistentSnapshot ? `${file?.hashes.get("sha256")}.` : "";
    server.targets.set(`${path.slice(0, name)}${digest}${path.slice(name)}`, CONTENT);
  }
  return {
    server,
    folder,
    content: CONTENT,
    targets,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
