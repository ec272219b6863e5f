import { rewrite } from "../simulator/forgery.ts";
import { generateSigners, type SimulatedRepository, START } from "../simulator/repository.ts";
import { type Attack, testAttacks } from "./attack.ts";

const advances = ["timestamp.json"];

/** Serves another version 2 of the snapshot, without telling the timestamp. */
async function replaceSnapshot(repository: SimulatedRepository): Promise<void> {
  repository.served.set(
    "2.snapshot.json",
    await repository.sign("snapshot", repository.snapshot),
  );
}

const withoutHashes = (repository: SimulatedRepository): void => {
  repository.describesFiles = false;
};

const ATTACKS: readonly Attack[] = [
  {
    attack: "a snapshot of another release than the timestamp's",
    code: "mix-and-match",
    advances,
    lie: async (repository) => {
      repository.snapshot.expires += 60_000;
      await replaceSnapshot(repository);
    },
  },
  {
    attack: "a snapshot of the signed length with one byte changed",
    code: "mix-and-match",
    advances,
    lie: ({ served }) => {
      const honest = served.get("2.snapshot.json") as Uint8Array;
      served.set(
        "2.snapshot.json",
        rewrite(honest, (text) => text.replace('"spec_version"', '"spec_versioN"')),
      );
    },
  },
  {
    attack: "a snapshot longer than its signed length",
    code: "endless-data",
    advances,
    lie: ({ served }) => {
      const honest = served.get("2.snapshot.json") as Uint8Array;
      served.set("2.snapshot.json", rewrite(honest, (text) => `${text} `));
    },
  },
  {
    attack: "a snapshot of another version than the timestamp names",
    code: "mix-and-match",
    before: withoutHashes,
    advances,
    lie: async (repository) => {
      repository.snapshot.version = 3;
      await replaceSnapshot(repository);
    },
  },
  {
    attack: "targets metadata taken back to an older version",
    code: "rollback",
    before: (repository) => void (repository.role("targets").version = 5),
    advances,
    lie: async (repository) => {
      repository.snapshot.meta.set("targets.json", { version: 4 });
      await repository.publishSnapshot({ bump: true });
    },
  },
  {
    attack: "a delegated role that vanishes",
    code: "rollback",
    advances,
    lie: async (repository) => {
      repository.snapshot.meta.delete("team.json");
      await repository.publishSnapshot({ bump: true });
    },
  },
  {
    attack: "an expired snapshot",
    code: "freeze",
    advances,
    lie: async (repository) => {
      repository.snapshot.expires = START;
      await repository.publishSnapshot({ bump: true });
    },
  },
  {
    attack: "a snapshot signed by keys of nobody's",
    code: "arbitrary-software",
    advances,
    lie: async (repository) => {
      repository.signers.set("snapshot", await generateSigners(1));
      await repository.publishSnapshot({ bump: true });
    },
  },
  {
    attack: "no snapshot",
    code: "metadata-missing",
    advances,
    lie: ({ served }) => void served.delete("2.snapshot.json"),
  },
  {
    attack: "hashes by algorithms that nobody knows",
    code: "mix-and-match",
    advances,
    lie: async (repository) => {
      repository.timestamp.snapshot = { version: 2, hashes: new Map([["md1", "00"]]) };
      await repository.publishTimestamp({ bump: true });
    },
  },
  {
    attack: "a snapshot that does not name the targets metadata",
    code: "metadata-malformed",
    advances,
    lie: async (repository) => {
      repository.snapshot.meta.delete("targets.json");
      await repository.publishSnapshot({ bump: true });
    },
  },
];

testAttacks("snapshot", ATTACKS);
