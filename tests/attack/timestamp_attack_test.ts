import { forge, type OpenJson, rewrite } from "../simulator/forgery.ts";
import {
  generateSigners,
  renamed,
  type SimulatedRepository,
  START,
} from "../simulator/repository.ts";
import { type Attack, testAttacks } from "./attack.ts";

/** Serves a timestamp whose signed JSON was changed at will. */
function forgeTimestamp(change: (signed: OpenJson) => void) {
  return async (repository: SimulatedRepository) => {
    const bytes = await forge(repository, "timestamp", repository.timestamp, change);
    repository.served.set("timestamp.json", bytes);
  };
}

/** Serves the honest timestamp with its text changed. */
function rewriteTimestamp(change: (text: string) => string) {
  return ({ served }: SimulatedRepository) => {
    served.set("timestamp.json", rewrite(served.get("timestamp.json") as Uint8Array, change));
  };
}

/** Serves these bytes as the timestamp. */
function serve(bytes: Uint8Array | string) {
  const body = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  return ({ served }: SimulatedRepository) => void served.set("timestamp.json", body);
}

const ATTACKS: readonly Attack[] = [
  {
    attack: "a timestamp signed by keys of nobody's",
    code: "arbitrary-software",
    lie: async (repository) => {
      repository.signers.set("timestamp", await generateSigners(1));
      await repository.publishTimestamp({ bump: true });
    },
  },
  {
    attack: "a timestamp without signatures",
    code: "arbitrary-software",
    lie: async (repository) => {
      repository.signers.set("timestamp", []);
      await repository.publishTimestamp({ bump: true });
    },
  },
  {
    attack: "a field changed after signing",
    code: "arbitrary-software",
    lie: rewriteTimestamp((text) => text.replace('"version":2', '"version":9')),
  },
  {
    attack: "an unknown field added after signing",
    code: "arbitrary-software",
    lie: rewriteTimestamp((text) => text.replace('"signed":{', '"signed":{"x":1,')),
  },
  {
    attack: "one signature where two are asked for",
    code: "signature-threshold",
    before: (repository) => repository.setKeys("timestamp", 2, 2),
    lie: async (repository) => {
      repository.signers.get("timestamp")?.pop();
      await repository.publishTimestamp({ bump: true });
    },
  },
  {
    attack: "a threshold of two met by one key under two ids",
    code: "signature-threshold",
    before: async (repository) => {
      const [one, two] = await repository.setKeys("timestamp", 2, 2);
      repository.setRole("timestamp", [one!, two!, renamed(one!, "alias")], 2);
    },
    lie: async (repository) => {
      const [one] = repository.signers.get("timestamp") ?? [];
      repository.signers.set("timestamp", [one!, renamed(one!, "alias")]);
      await repository.publishTimestamp({ bump: true });
    },
  },
  {
    attack: "a key id listed twice among the signatures",
    code: "metadata-malformed",
    lie: rewriteTimestamp((text) =>
      text.replace(/"signatures":\[(\{.*?\})\]/, '"signatures":[$1,$1]')
    ),
  },
  {
    attack: "the signature of another role's key",
    code: "arbitrary-software",
    lie: async (repository) => {
      repository.signers.set("timestamp", repository.signers.get("snapshot") ?? []);
      await repository.publishTimestamp({ bump: true });
    },
  },
  {
    attack: "an older timestamp",
    code: "rollback",
    before: (repository) => void (repository.timestamp.version = 5),
    lie: async (repository) => {
      repository.timestamp.version = 4;
      await repository.publishTimestamp();
    },
  },
  {
    attack: "a newer timestamp that names an older snapshot",
    code: "rollback",
    before: (repository) => void (repository.snapshot.version = 5),
    lie: async (repository) => {
      repository.timestamp.snapshot = { version: 4 };
      await repository.publishTimestamp({ bump: true });
    },
  },
  {
    attack: "an expired timestamp",
    code: "freeze",
    lie: async (repository) => {
      repository.timestamp.expires = START;
      await repository.publishTimestamp({ bump: true });
    },
  },
  {
    attack: "a clock that has run past the expiry",
    code: "freeze",
    lie: () => {},
    options: { now: START + 100 * 24 * 60 * 60_000 },
  },
  {
    attack: "a timestamp without end",
    code: "endless-data",
    lie: serve(new Uint8Array(17 * 1024).fill(0x20)),
  },
  {
    attack: "no timestamp at all",
    code: "metadata-missing",
    lie: ({ served }) => void served.delete("timestamp.json"),
  },
  {
    attack: "the snapshot in the timestamp's place",
    code: "metadata-mismatch",
    lie: ({ served }) => {
      served.set("timestamp.json", served.get("2.snapshot.json") as Uint8Array);
    },
  },
  { attack: "an empty file", code: "metadata-malformed", lie: serve("") },
  { attack: "an error page", code: "metadata-malformed", lie: serve("<html>502</html>") },
  { attack: "JSON of another shape", code: "metadata-malformed", lie: serve("[]") },
  { attack: "JSON without end", code: "metadata-malformed", lie: serve('{"signed":{') },
  { attack: "JSON of great depth", code: "metadata-malformed", lie: serve("[".repeat(9000)) },
  {
    attack: "bytes that are not UTF-8",
    code: "metadata-malformed",
    lie: serve(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])),
  },
  {
    attack: "a byte-order mark",
    code: "metadata-malformed",
    lie: rewriteTimestamp((text) => `\ufeff${text}`),
  },
  {
    attack: "a second file behind the first",
    code: "metadata-malformed",
    lie: rewriteTimestamp((text) => text + text),
  },
  {
    attack:
      "a signed key given twice, for readers that take the first and for those that take the last",
    code: "metadata-malformed",
    lie: rewriteTimestamp((text) => text.replace('"version":2', '"version":2,"version":2')),
  },
  {
    attack: "a specification of another major version",
    code: "metadata-malformed",
    lie: forgeTimestamp((signed) => signed.set("spec_version", "2.0.0")),
  },
  {
    attack: "version 0",
    code: "metadata-malformed",
    lie: forgeTimestamp((signed) => signed.set("version", 0)),
  },
  {
    attack: "a version that is a string",
    code: "metadata-malformed",
    lie: forgeTimestamp((signed) => signed.set("version", "3")),
  },
  {
    attack: "a version over 2^53",
    code: "metadata-malformed",
    lie: rewriteTimestamp((text) => text.replace('"version":2', '"version":9007199254740993')),
  },
  {
    attack: "a date that does not exist",
    code: "metadata-malformed",
    lie: forgeTimestamp((signed) => signed.set("expires", "2031-02-31T00:00:00Z")),
  },
  {
    attack: "a date in a form of its own",
    code: "metadata-malformed",
    lie: forgeTimestamp((signed) => signed.set("expires", "9999-12-31")),
  },
  {
    attack: "a timestamp that names no snapshot",
    code: "metadata-malformed",
    lie: forgeTimestamp((signed) => signed.set("meta", new Map())),
  },
  {
    attack: "a snapshot with a negative length",
    code: "metadata-malformed",
    lie: forgeTimestamp((signed) =>
      signed.set("meta", new Map([["snapshot.json", new Map([["version", 2], ["length", -1]])]]))
    ),
  },
  {
    attack: "a snapshot whose signed length would fill the memory",
    code: "metadata-oversized",
    advances: ["timestamp.json"],
    lie: forgeTimestamp((signed) =>
      signed.set(
        "meta",
        new Map([["snapshot.json", new Map([["version", 2], ["length", 2 ** 40]])]]),
      )
    ),
  },
];

testAttacks("timestamp", ATTACKS);
