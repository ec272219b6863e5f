import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { METADATA_LIMITS } from "../../src/limits.ts";
import { type JsonObject, type JsonValue, readKey } from "../../src/tuf/mod.ts";
import { SimulatedClient } from "../simulator/client.ts";
import { forge, type OpenJson, rewrite } from "../simulator/forgery.ts";
import { generateSigners, MINUTE, SimulatedRepository, START } from "../simulator/repository.ts";
import { type Attack, testAttacks } from "./attack.ts";

/** Serves a second root, signed by the honest keys, whose JSON was changed at will. */
function forgeRoot(change: (signed: OpenJson) => void) {
  return async (repository: SimulatedRepository) => {
    const root = { ...repository.root, version: 2 };
    repository.served.set("2.root.json", await forge(repository, "root", root, change));
  };
}

/** Puts a key object into the root. */
function withKey(keytype: string, scheme: string, publicKey: string) {
  return forgeRoot((signed) => {
    const key = new Map<string, JsonValue>([
      ["keytype", keytype],
      ["scheme", scheme],
      ["keyval", new Map([["public", publicKey]])],
    ]);
    signed.set("keys", new Map([...signed.get("keys") as JsonObject, ["bad", key]]));
  });
}

function withRole(role: string, field: string, value: JsonValue) {
  return forgeRoot((signed) => {
    const roles = new Map(signed.get("roles") as JsonObject);
    roles.set(role, new Map([...roles.get(role) as JsonObject, [field, value]]));
    signed.set("roles", roles);
  });
}

const ATTACKS: readonly Attack[] = [
  {
    attack: "a root signed by its own new keys only",
    code: "arbitrary-software",
    lie: async (repository) => {
      await repository.setKeys("root", 1, 1);
      repository.root.version = 2;
      await repository.publishRoot();
    },
  },
  {
    attack: "a root signed by the old keys only",
    code: "arbitrary-software",
    lie: async (repository) => {
      repository.setRole("root", await generateSigners(1), 1);
      repository.root.version = 2;
      await repository.publishRoot();
    },
  },
  {
    attack: "a root signed by one of two old keys",
    code: "signature-threshold",
    before: (repository) => repository.setKeys("root", 2, 2),
    lie: async (repository) => {
      const [one] = repository.signers.get("root") ?? [];
      repository.setRole("root", [one!], 1);
      repository.signers.set("root", [one!]);
      repository.root.version = 2;
      await repository.publishRoot();
    },
  },
  {
    attack: "the present root served as the next",
    code: "rollback",
    lie: ({ served }) => {
      served.set("2.root.json", served.get("1.root.json") as Uint8Array);
    },
  },
  {
    attack: "a root that leaves out a version",
    code: "metadata-mismatch",
    lie: async (repository) => {
      repository.root.version = 3;
      const bytes = await repository.publishRoot();
      repository.served.set("2.root.json", bytes);
    },
  },
  {
    attack: "an expired root as the last",
    code: "freeze",
    advances: ["root.json", "2.root.json"],
    lie: (repository) =>
      repository.rotateRoot(() => void (repository.root.expires = START - MINUTE)),
  },
  {
    attack: "a root without end",
    code: "endless-data",
    lie: ({ served }) => {
      served.set("2.root.json", new Uint8Array(METADATA_LIMITS.rootBytes + 1).fill(0x20));
    },
  },
  {
    attack: "a threshold of 0",
    code: "metadata-malformed",
    lie: withRole("timestamp", "threshold", 0),
  },
  {
    attack: "one key id twice in a role",
    code: "metadata-malformed",
    lie: withRole("timestamp", "keyids", ["a", "a"]),
  },
  {
    attack: "a root without a timestamp role",
    code: "metadata-malformed",
    lie: forgeRoot((signed) => {
      const roles = new Map(signed.get("roles") as JsonObject);
      roles.delete("timestamp");
      signed.set("roles", roles);
    }),
  },
  {
    attack: "a role named __proto__ in the place of one that is missing",
    code: "metadata-malformed",
    lie: forgeRoot((signed) => {
      const roles = new Map(signed.get("roles") as JsonObject);
      roles.set("__proto__", new Map([["timestamp", roles.get("timestamp") as JsonObject]]));
      roles.delete("timestamp");
      signed.set("roles", roles);
    }),
  },
  {
    attack: "an Ed25519 key of small order, under which anyone can sign",
    code: "key-invalid",
    lie: withKey("ed25519", "ed25519", "01".padEnd(64, "0")),
  },
  {
    attack: "an Ed25519 key cut short",
    code: "key-invalid",
    lie: withKey("ed25519", "ed25519", "abcd"),
  },
  {
    attack: "an ECDSA key that is no point",
    code: "key-invalid",
    lie: withKey("ecdsa", "ecdsa-sha2-nistp256", "04abcd"),
  },
  {
    attack: "an RSA key that is no PEM",
    code: "key-invalid",
    lie: withKey("rsa", "rsassa-pss-sha256", "-----BEGIN PUBLIC KEY-----\nAAAA\n"),
  },
  {
    attack: "signatures moved from one root to another",
    code: "arbitrary-software",
    lie: ({ served }) => {
      const first = served.get("1.root.json") as Uint8Array;
      served.set(
        "2.root.json",
        rewrite(first, (text) => text.replace('"version":1', '"version":2')),
      );
    },
  },
];

testAttacks("root", ATTACKS);

Deno.test("a chain of roots without end is cut off, and each refresh gets further along it", async () => {
  const repository = await SimulatedRepository.published();
  const client = new SimulatedClient(repository);
  for (let version = 2; version <= 6; version++) await repository.rotateRoot(() => {});
  for (const newest of ["3.root.json", "5.root.json"]) {
    await assert.rejects(
      client.refresh({ limits: { rootRotations: 2 } }),
      (error) => isBrecciaError(error, "delegation-limit"),
    );
    assert.deepEqual(client.store.files().get("root.json"), repository.served.get(newest));
  }
  assert.equal((await client.refresh({ limits: { rootRotations: 2 } })).root.version, 6);
});

Deno.test("a key of a type that is unknown here is kept, and verifies nothing", () => {
  const json = new Map<string, JsonValue>([
    ["keytype", "sphincs"],
    ["scheme", "sphincs-shake"],
    ["keyval", new Map([["public", "ab"]])],
  ]);
  const key = readKey(json, "test key");
  assert.equal(key.publicKey, undefined);
  assert.equal(key.json, json);
});
