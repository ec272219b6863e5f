import assert from "node:assert/strict";
import { lintRepository, loadPublished } from "../../src/publish/mod.ts";
import { openRepository } from "../../src/cli/open_repository.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { call } from "./call.ts";

const DAY = 86_400_000;

/** A repository with releases of the app and of team red; team blue is staged and lacks its key. */
async function withTeams(
  body: (cwd: string, run: (line: string, code?: number) => Promise<string>) => Promise<void>,
): Promise<void> {
  const cwd = await Deno.makeTempDir();
  const run = async (line: string, code = 0): Promise<string> => {
    const called = await call(line.split(" "), { cwd });
    assert.equal(called.code, code, `${line}: ${called.stderr}`);
    return called.stdout + called.stderr;
  };
  try {
    await Deno.writeTextFile(`${cwd}/a`, "a");
    await run("init repo --app hello");
    for (const [team, folder] of [["red", "repo.keys"], ["blue", "away"]] as const) {
      const made = JSON.parse(await run(`keys generate ${team} --keys ${folder} --json`));
      await run(`delegate ${team} --paths ${team}-* --key ${made.file} --repo repo`);
    }
    await run("add 1.0.0 a --repo repo");
    await run("add 2.0.0 a --repo repo --team red --app red");
    await run("publish --repo repo");
    await body(cwd, run);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

Deno.test("inspect shows the teams, and warns of one that expired, expires soon or has signed nothing", async () => {
  await withTeams(async (cwd, run) => {
    const { teams, warnings } = JSON.parse(await run("inspect repo --json"));
    assert.deepEqual(
      teams.map(({ name, threshold }: { name: string; threshold: number }) => [
        name,
        threshold,
      ]),
      [["red", 1]],
    );
    const named = (list: readonly { name: string }[]) =>
      list.map(({ name }) => name).filter((name) => name.startsWith("team-"));
    assert.deepEqual(named(warnings), []);
    assert.match(await run("inspect repo"), /^red +1 +\d{4}-/m);
    const published = await loadPublished(await openRepository(`${cwd}/repo`));
    const expires = published.teams.get("red")?.signed.expires as number;
    const at = (now: number) => named(lintRepository(published, new Set(), now));
    assert.deepEqual(at(expires - 8 * DAY), []);
    const unsigned = lintRepository({ ...published, teams: new Map() }, new Set(), expires - DAY);
    assert.deepEqual(named(unsigned), ["team-unsigned"]);
    assert.deepEqual(at(expires - DAY), ["team-expires"]);
    assert.deepEqual(at(expires), ["team-expired"]);
  });
});

Deno.test("one team's wrongly signed, cut or missing metadata is named and doesn't stop inspect; publish builds on nothing of it", async () => {
  await withTeams(async (cwd, run) => {
    const file = `${cwd}/repo/metadata/1.red.json`;
    const whole = await Deno.readTextFile(file);
    for (
      const damaged of [whole.replace(/"sig":"../, '"sig":"00'), whole.slice(0, 99), undefined]
    ) {
      if (damaged === undefined) await Deno.remove(file);
      else await Deno.writeTextFile(file, damaged);
      const { warnings, releases } = JSON.parse(await run("inspect repo --json"));
      const refused = warnings.filter(({ name }: { name: string }) => name === "team-refused");
      assert.equal(refused.length, 1);
      assert.match(refused[0].message, /what red licenses, and nothing else: /);
      assert.deepEqual(
        releases.map(({ info, staged }: { info: { app: string }; staged: boolean }) => [
          info.app,
          staged,
        ]),
        [["hello", false]],
      );
      const timestamp = await Deno.readTextFile(`${cwd}/repo/metadata/timestamp.json`);
      await assert.rejects(
        loadPublished(await openRepository(`${cwd}/repo`)),
        (error) => isBrecciaError(error),
      );
      assert.notEqual((await call(["publish", "--repo", "repo"], { cwd })).code, 0);
      assert.equal(await Deno.readTextFile(`${cwd}/repo/metadata/timestamp.json`), timestamp);
    }
    await Deno.writeTextFile(file, whole);
    assert.doesNotMatch(await run("inspect repo"), /team-refused/);
  });
});
