import assert from "node:assert/strict";
import { parseReleaseInfo, type ReleaseInfo, releaseInfoToCustom } from "../../src/index/mod.ts";

const PATH = "hello-1.0.0-linux-x64.index";

const INFO: ReleaseInfo = {
  app: "hello",
  version: "1.0.0",
  platform: "linux-x64",
  order: "semver",
  channels: ["stable", "beta"],
  archive: "hello-1.0.0-linux-x64.tar",
  notes: "hello-1.0.0-linux-x64.notes.md",
  required: true,
  rollout: 10,
};

Deno.test("what targets metadata says of a release survives its signed form", () => {
  assert.deepEqual(parseReleaseInfo(PATH, releaseInfoToCustom(INFO)), INFO);
  const { notes: _notes, required: _required, rollout: _rollout, ...least } = INFO;
  assert.deepEqual(parseReleaseInfo(PATH, releaseInfoToCustom(least)), least);
});

Deno.test("a custom field with anything missing, oversized or of another kind is no release", () => {
  const broken: [string, unknown][] = [
    ["app", ""],
    ["version", 1],
    ["platform", "p".repeat(129)],
    ["order", "date"],
    ["channels", "stable"],
    ["channels", [""]],
    ["channels", Array(65).fill("c")],
    ["archive", "a".repeat(513)],
    ["notes", ""],
    ["required", "yes"],
    ["rollout", 0],
    ["rollout", 100],
    ["rollout", "10"],
  ];
  for (const [name, value] of broken) {
    const custom = releaseInfoToCustom(INFO);
    (custom.get("breccia") as unknown as Map<string, unknown>).set(name, value);
    assert.equal(parseReleaseInfo(PATH, custom), undefined, `${name} ${value}`);
  }
  assert.equal(parseReleaseInfo(PATH, undefined), undefined);
  assert.equal(parseReleaseInfo(PATH, new Map([["breccia", []]])), undefined);
});
