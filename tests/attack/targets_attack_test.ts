import { forge } from "../simulator/forgery.ts";
import { generateSigners, type SimulatedRepository, START } from "../simulator/repository.ts";
import { type Attack, testAttacks } from "./attack.ts";

const advances = ["timestamp.json", "snapshot.json"];

/** The same attacks on the top-level role and on one that it delegates to. */
function attacksOn(role: "targets" | "team"): Attack[] {
  const file = `2.${role}.json`;
  const advancing = role === "team" ? [...advances, "targets.json"] : advances;
  const replace = async (repository: SimulatedRepository): Promise<void> => {
    repository.served.set(file, await repository.sign(role, repository.role(role)));
  };
  const withoutHashes = (repository: SimulatedRepository): void => {
    repository.describesFiles = false;
  };
  return [
    {
      attack: `${role} metadata of another release than the snapshot's`,
      code: "mix-and-match",
      advances: advancing,
      lie: async (repository) => {
        repository.role(role).expires += 60_000;
        await replace(repository);
      },
    },
    {
      attack: `${role} metadata of another version than the snapshot names`,
      code: "mix-and-match",
      before: withoutHashes,
      advances: advancing,
      lie: async (repository) => {
        repository.role(role).version = 1;
        await replace(repository);
      },
    },
    {
      attack: `${role} metadata signed by keys of nobody's`,
      code: "arbitrary-software",
      before: withoutHashes,
      advances: advancing,
      lie: async (repository) => {
        repository.signers.set(role, await generateSigners(1));
        await replace(repository);
      },
    },
    {
      attack: `${role} metadata signed by the snapshot key`,
      code: "arbitrary-software",
      before: withoutHashes,
      advances: advancing,
      lie: async (repository) => {
        repository.signers.set(role, repository.signers.get("snapshot") ?? []);
        await replace(repository);
      },
    },
    {
      attack: `expired ${role} metadata`,
      code: "freeze",
      before: withoutHashes,
      advances: advancing,
      lie: async (repository) => {
        repository.role(role).expires = START;
        await replace(repository);
      },
    },
    {
      attack: `${role} metadata without end`,
      code: "endless-data",
      before: withoutHashes,
      advances: advancing,
      lie: ({ served }) => void served.set(file, new Uint8Array(2001).fill(0x20)),
      options: { limits: { targetsBytes: 2000 } },
    },
    {
      attack: `no ${role} metadata`,
      code: "metadata-missing",
      advances: advancing,
      lie: ({ served }) => void served.delete(file),
    },
    {
      attack: `${role} metadata that list a target of negative length`,
      code: "metadata-malformed",
      before: withoutHashes,
      advances: advancing,
      lie: async (repository) => {
        const target = new Map([["length", -1]]);
        const bytes = await forge(repository, role, repository.role(role), (signed) => {
          signed.set("targets", new Map([["__proto__", target]]));
        });
        repository.served.set(file, bytes);
      },
    },
  ];
}

testAttacks("targets", [
  ...attacksOn("targets"),
  ...attacksOn("team"),
  {
    attack: "a delegation to a role that the snapshot does not list",
    code: "metadata-mismatch",
    advances: [...advances, "targets.json"],
    lie: async (repository) => {
      await repository.delegate("targets", "ghost", { scope: { paths: ["ghost/*", "team/b"] } });
      const delegations = repository.role("targets").delegations!;
      const to = delegations.to;
      if ("bitLength" in to) throw new Error("no bins here");
      repository.role("targets").delegations = { ...delegations, to: [...to].reverse() };
      repository.targets.delete("ghost");
      await repository.publish({ bump: true });
    },
  },
]);
