import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { patternsMeet } from "../../src/tuf/path_pattern.ts";
import type { RoleFailure } from "../../src/tuf/mod.ts";
import { SimulatedClient } from "../simulator/client.ts";
import { generateSigners, SimulatedRepository } from "../simulator/repository.ts";

type Edge = readonly [from: string, to: string, rest?: { paths?: string[]; terminating?: boolean }];

/** A published repository with these delegations, in this order. */
async function delegating(edges: readonly Edge[]): Promise<SimulatedRepository> {
  const repository = await SimulatedRepository.create();
  for (const [from, to, { paths = ["*"], terminating = false } = {}] of edges) {
    await repository.delegate(from, to, { scope: { paths }, terminating });
  }
  await repository.publishRoot();
  await repository.publish();
  return repository;
}

const GRAPHS: readonly (readonly [graph: string, edges: readonly Edge[], visited: string])[] = [
  ["one role", [["targets", "A"]], "A"],
  ["two roles, in their order", [["targets", "A"], ["targets", "B"]], "A B"],
  ["depth before breadth", [["targets", "A"], ["targets", "B"], ["A", "C"], ["A", "D"]], "A C D B"],
  ["three levels", [["targets", "A"], ["targets", "B"], ["A", "C"], ["C", "D"]], "A C D B"],
  [
    "a terminating role hides its later siblings and those of its parents",
    [["targets", "A"], ["targets", "B"], ["A", "C", { terminating: true }], ["A", "D"]],
    "A C",
  ],
  [
    "a terminating role still delegates",
    [["targets", "A"], ["targets", "B"], ["A", "C", { terminating: true }], ["C", "D"]],
    "A C D",
  ],
  [
    "a terminating role that does not match hides nothing",
    [["targets", "A", { paths: ["x/*"], terminating: true }], ["targets", "B"]],
    "B",
  ],
  [
    "branches that do not match are left out",
    [["targets", "A", { paths: ["*.py"] }], ["targets", "B"], ["A", "C"]],
    "B",
  ],
  [
    "a cycle ends",
    [["targets", "A"], ["targets", "B"], ["B", "C"], ["C", "D"], ["D", "B"]],
    "A B C D",
  ],
  ["a role that delegates to itself", [["targets", "A"], ["A", "A"]], "A"],
  [
    "a role reached on two ways is asked once, on the first",
    [["targets", "A"], ["targets", "B"], ["B", "C"], ["A", "C"]],
    "A C B",
  ],
  [
    "a role reached on two ways, of which one does not match",
    [["targets", "A"], ["targets", "B"], ["B", "C"], ["A", "C", { paths: ["*.py"] }]],
    "A B C",
  ],
  [
    "`*` does not cross a slash",
    [["targets", "A", { paths: ["*"] }], ["targets", "B", { paths: ["dir/*"] }]],
    "A",
  ],
];

for (const [graph, edges, visited] of GRAPHS) {
  Deno.test(`delegations: ${graph}`, async () => {
    const client = new SimulatedClient(await delegating(edges));
    const metadata = await client.refresh();
    client.source.requests.length = 0;
    assert.equal(await metadata.findTarget("missing"), undefined);
    const roles = client.source.requests.map((name) => name.split(".")[1]);
    assert.equal(roles.join(" "), visited);
  });
}

Deno.test("the first role in order vouches for a target that several list", async () => {
  const repository = await delegating([["targets", "A"], ["targets", "B"]]);
  await repository.addTarget("app", new Uint8Array(1), "B");
  await repository.addTarget("app", new Uint8Array(2), "A");
  await repository.publish({ bump: true });
  const metadata = await new SimulatedClient(repository).refresh();
  assert.equal((await metadata.findTarget("app"))?.role, "A");
  const all = await Array.fromAsync(metadata.allTargets(), ({ path, role }) => `${path} ${role}`);
  assert.deepEqual(all, ["app A"]);
});

Deno.test("one team's key can't sign another team's files", async () => {
  const repository = await delegating([
    ["targets", "one", { paths: ["one/*"] }],
    ["targets", "two", { paths: ["two/*"] }],
  ]);
  await repository.addTarget("two/app", new Uint8Array(1), "one");
  await repository.publish({ bump: true });
  const metadata = await new SimulatedClient(repository).refresh();
  assert.equal(await metadata.findTarget("two/app"), undefined);
});

Deno.test("a look-up that would ask more roles than the bound is refused, not cut short", async () => {
  const names = Array.from({ length: 12 }, (_, index) => `r${index}`);
  const repository = await delegating(
    names.map((name, index): Edge => [index === 0 ? "targets" : names[index - 1]!, name]),
  );
  const client = new SimulatedClient(repository);
  const metadata = await client.refresh({ limits: { delegationVisits: 8 } });
  await assert.rejects(
    metadata.findTarget("missing"),
    (error) => isBrecciaError(error, "delegation-limit"),
  );
});

Deno.test("a role that two others delegate to must be signed by the keys that each lists", async () => {
  const repository = await delegating([
    ["targets", "A", { paths: ["a*"] }],
    ["targets", "B", { paths: ["b*"] }],
    ["A", "C", { paths: ["*"] }],
  ]);
  const honest = repository.signers.get("C")!;
  repository.signers.set("C", await generateSigners(1));
  await repository.delegate("B", "C", { scope: { paths: ["*"] } });
  repository.signers.set("C", honest);
  await repository.addTarget("a1", new Uint8Array(1), "C");
  await repository.addTarget("b1", new Uint8Array(1), "C");
  await repository.publish({ bump: true });
  const metadata = await new SimulatedClient(repository).refresh();
  assert.equal((await metadata.findTarget("a1"))?.role, "C");
  await assert.rejects(
    metadata.findTarget("b1"),
    (error) => isBrecciaError(error, "arbitrary-software") && /the role "B"/.test(error.message),
    "C is trusted through A, and not through B",
  );
  assert.equal((await metadata.findTarget("a1"))?.role, "C");
});

Deno.test("each role is fetched once in a run, and its signatures counted once per delegator", async () => {
  const repository = await delegating([["targets", "A"]]);
  const client = new SimulatedClient(repository);
  const metadata = await client.refresh();
  client.source.requests.length = 0;
  await Promise.all(["x", "y", "z"].map((path) => metadata.findTarget(path)));
  assert.deepEqual(client.source.requests, ["1.A.json"]);
});

for (const bitLength of [1, 4, 5, 8]) {
  Deno.test(`hash bins of ${bitLength} bits each hold the targets whose hash begins so`, async () => {
    const repository = await SimulatedRepository.create();
    await repository.delegateToBins("targets", bitLength, "bin");
    const paths = Array.from({ length: 60 }, (_, index) => `dir/file-${index}`);
    for (const path of paths) await repository.addTargetToBin(path, new Uint8Array(7), "targets");
    await repository.publishRoot();
    await repository.publish();
    const metadata = await new SimulatedClient(repository).refresh();
    for (const path of paths) {
      assert.match((await metadata.findTarget(path))?.role ?? "", /^bin-[0-9a-f]{1,2}$/);
    }
    assert.equal(await metadata.findTarget("dir/other"), undefined);
    const all = await Array.fromAsync(metadata.allTargets(), ({ path }) => path);
    assert.deepEqual(all.sort(), paths.sort());
  });
}

Deno.test("a target in another bin than its hash says is not found", async () => {
  const repository = await SimulatedRepository.create();
  await repository.delegateToBins("targets", 1, "bin");
  await repository.addTargetToBin("app", new Uint8Array(1), "targets");
  const [zero, one] = [repository.role("bin-0"), repository.role("bin-1")];
  [zero.targets, one.targets] = [one.targets, zero.targets];
  await repository.publishRoot();
  await repository.publish();
  const metadata = await new SimulatedClient(repository).refresh();
  assert.equal(await metadata.findTarget("app"), undefined);
  assert.deepEqual(await Array.fromAsync(metadata.allTargets()), []);
});

Deno.test("delegations by hash prefix match the prefix of the path's SHA-256", async () => {
  const repository = await SimulatedRepository.create();
  // SHA-256 of "app" begins with a172cedcae47474b.
  await repository.delegate("targets", "no", { scope: { pathHashPrefixes: ["b", "a173"] } });
  await repository.delegate("targets", "yes", { scope: { pathHashPrefixes: ["00", "a172"] } });
  await repository.addTarget("app", new Uint8Array(1), "no");
  await repository.addTarget("app", new Uint8Array(2), "yes");
  await repository.publishRoot();
  await repository.publish();
  const metadata = await new SimulatedClient(repository).refresh();
  assert.equal((await metadata.findTarget("app"))?.role, "yes");
});

/** A repository where `broken`'s metadata is signed by a stranger, and others are sound. */
async function withBrokenTeam(
  edges: readonly Edge[],
  broken: string,
): Promise<SimulatedRepository> {
  const repository = await delegating(edges);
  for (const [, to] of edges) {
    await repository.addTarget(`${to}-app`, new Uint8Array(1), to);
    await repository.addTarget("shared", new Uint8Array(1), to);
  }
  repository.signers.set(broken, await generateSigners(1));
  await repository.publish({ bump: true });
  return repository;
}

Deno.test("a team's broken metadata disables that team alone, and is told by name", async () => {
  const repository = await withBrokenTeam([
    ["targets", "one", { paths: ["one-*"] }],
    ["targets", "two", { paths: ["two-*", "shared"] }],
    ["targets", "three", { paths: ["three-*", "shared"] }],
  ], "one");
  const metadata = await new SimulatedClient(repository).refresh();
  const failures: string[] = [];
  const onRoleFailure = ({ role, delegator, error }: RoleFailure) =>
    failures.push(`${role} of ${delegator}: ${error.code}`);
  const all = await Array.fromAsync(metadata.allTargets({ onRoleFailure }), ({ path }) => path);
  assert.deepEqual(all.sort(), ["shared", "three-app", "two-app"]);
  assert.deepEqual(failures, ["one of targets: arbitrary-software"]);
  const names = await Array.fromAsync(metadata.files({ onRoleFailure }), ({ name }) => name);
  assert.ok(names.some((name) => name.endsWith("two.json")));
  assert.ok(!names.some((name) => name.endsWith("one.json")));
  await assert.rejects(
    Array.fromAsync(metadata.allTargets()),
    (error) => isBrecciaError(error, "arbitrary-software"),
  );
});

Deno.test("no role takes a path over from a role before it that fails", async () => {
  const repository = await withBrokenTeam([
    ["targets", "first", { paths: ["shared", "first-*"] }],
    ["targets", "second", { paths: ["shared", "second-*"] }],
  ], "first");
  const client = new SimulatedClient(repository);
  const metadata = await client.refresh();
  const failed: string[] = [];
  const all = await Array.fromAsync(
    metadata.allTargets({ onRoleFailure: ({ role }) => failed.push(role) }),
    ({ path, role, patterns }) => `${path} by ${role} for ${patterns}`,
  );
  assert.deepEqual(all, ["second-app by second for shared,second-*"]);
  assert.deepEqual(failed, ["first"], "told once, however many paths it may have listed");
  await assert.rejects(
    metadata.findTarget("shared"),
    (error) => isBrecciaError(error, "arbitrary-software"),
  );
});

Deno.test("a walk asks only roles that may speak of what is wanted", async () => {
  const repository = await withBrokenTeam([
    ["targets", "one", { paths: ["one-*"] }],
    ["targets", "two", { paths: ["t?o-*"] }],
  ], "one");
  const client = new SimulatedClient(repository);
  const metadata = await client.refresh();
  client.source.requests.length = 0;
  const all = await Array.fromAsync(
    metadata.allTargets({ wanted: ["two-*.index", "two-app"] }),
    ({ path }) => path,
  );
  assert.deepEqual(all, ["two-app"]);
  assert.ok(client.source.requests.every((name) => !name.includes("one")));
});

Deno.test("two patterns meet when some path matches both", () => {
  const meet: [string, string, boolean][] = [
    ["a*", "*b", true],
    ["a*", "b*", false],
    ["*", "a/b", false],
    ["x/*", "x/y?", true],
    ["a?c", "a*d", false],
    ["**", "", true],
    ["demo-*", "demo-1.0.0.index", true],
    ["editor-*", "demo-*.index", false],
  ];
  for (const [a, b, expected] of meet) {
    assert.equal(patternsMeet(a, b), expected, `${a} ${b}`);
    assert.equal(patternsMeet(b, a), expected, `${b} ${a}`);
  }
});
