import assert from "node:assert/strict";
import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { packKey } from "../../src/index/mod.ts";
import { codingRules } from "./coding_rules.ts";
import { CACHE, fileRules, type HttpRule, methodRules, pathRules } from "./http_rules.ts";
import type { SampleFile } from "./http_rules.ts";
import type { HttpRepository } from "./http_repository.ts";
import type { RawAnswer, RawRequest } from "./raw_http.ts";
import { decodeFrames } from "./zstd_frames.ts";

/** A place where the edge answers for an {@linkcode HttpRepository}. */
export interface HttpSite {
  ask(request: RawRequest): Promise<RawAnswer>;
  /** True when requests reach the edge over its own socket as they are written. */
  readonly raw: boolean;
}

/** Headers of every answer of the edge itself. */
const ALWAYS = {
  "breccia-edge": "1",
  "access-control-allow-origin": "*",
  "x-content-type-options": "nosniff",
};

/** Headers that a hop adds as it likes, and one that differs each time. */
const OF_THE_HOP = [
  "date",
  "connection",
  "keep-alive",
  "transfer-encoding",
  "age",
  "cf-cache-status",
  "x-request-id",
];

/** Checks every rule of HTTP at `site`, and names all that are broken. */
export async function checkHttp(site: HttpSite, repository: HttpRepository): Promise<void> {
  const files = await sampleFiles(repository);
  const index = encodeHex(await sha256(await repository.read("targets", "hello-1.0.0.index")));
  const archives = files.filter(({ vary }) => vary !== null);
  const rules = [
    ...files.flatMap(fileRules),
    ...archives.flatMap((file) => codingRules(file, `${index}.zstd`)),
    ...methodRules(files),
    ...pathRules(files, 20_000),
  ];
  const broken: string[] = [];
  for (const rule of rules) {
    if (rule.raw && !site.raw) continue;
    await note(broken, rule.rule, async () => checkAnswer(await site.ask(rule.ask), rule));
  }
  const pages = ["/", "/healthz", "/readyz", "/status.json", "/metrics", "/targets/none"];
  for (const target of [...files.map(({ target }) => target), ...pages]) {
    await note(broken, `HEAD ${target} has the headers of GET`, () => checkHead(site, target));
  }
  assert.deepEqual(broken, []);
}

/** One file of each kind: sent from memory, streamed, in one piece, and as it may change. */
async function sampleFiles(repository: HttpRepository): Promise<SampleFile[]> {
  const file = async (
    target: string,
    bytes: Uint8Array<ArrayBuffer>,
    cache: RegExp = CACHE.IMMUTABLE,
    type = "application/octet-stream",
  ) => {
    const vary = target.endsWith(".tar") ? "accept-encoding" : null;
    return { target, bytes, sha256: encodeHex(await sha256(bytes)), cache, type, vary };
  };
  const key = packKey(await sha256(repository.smallPack));
  const archive = encodeHex(await sha256(repository.archive));
  return [
    await file(`/${key}`, repository.smallPack),
    await file("/targets/hello-1.0.0.tar", repository.archive, CACHE.POINTER),
    await file(`/targets/${archive}.hello-1.0.0.tar`, repository.archive),
    await file(
      "/metadata/timestamp.json",
      await repository.read("metadata", "timestamp.json"),
      CACHE.POINTER,
      "application/json",
    ),
  ];
}

function checkAnswer(answer: RawAnswer, rule: HttpRule): void {
  const statuses = typeof rule.status === "number" ? [rule.status] : rule.status;
  assert.ok(statuses.includes(answer.status), `status ${answer.status}, not ${statuses}`);
  const expected: NonNullable<HttpRule["headers"]> = {
    ...(rule.byRuntime ? {} : ALWAYS),
    ...rule.headers,
  };
  for (const [name, value] of Object.entries(expected)) {
    const actual = answer.headers.get(name);
    const holds = value instanceof RegExp
      ? actual !== null && value.test(actual)
      : actual === value;
    assert.ok(holds, `${name}: ${actual}, not ${value}`);
  }
  if (rule.decoded !== undefined) {
    assert.ok(answer.bytes.length < rule.decoded.length, "it is no shorter");
    assert.equal(answer.headers.get("content-length"), String(answer.bytes.length));
    assert.ok(rule.decoded.every(equalTo(decodeFrames(answer.bytes))), "another content");
    return;
  }
  if (rule.body === "any") {
    assert.ok(!new TextDecoder().decode(answer.bytes).includes("s3cret"), "it reflects a secret");
    return;
  }
  const body = rule.body ?? new Uint8Array();
  assert.equal(answer.bytes.length, body.length, "length of the body");
  assert.ok(answer.bytes.every(equalTo(body)), "another body");
}

function equalTo(bytes: Uint8Array): (byte: number, at: number) => boolean {
  return (byte, at) => byte === bytes[at];
}

async function checkHead(site: HttpSite, target: string): Promise<void> {
  const get = await site.ask({ target });
  const head = await site.ask({ method: "HEAD", target });
  assert.equal(head.status, get.status);
  assert.equal(head.bytes.length, 0);
  const kept = ({ headers }: RawAnswer) =>
    new Map([...headers].filter(([name]) => !OF_THE_HOP.includes(name)));
  const [ofGet, ofHead] = [kept(get), kept(head)];
  // Pages that count answers grow with each; no page may say that it is empty.
  const isEmpty = get.bytes.length === 0;
  if (isEmpty || ["/", "/metrics", "/status.json"].includes(target)) {
    if (!isEmpty) assert.notEqual(ofHead.get("content-length"), "0");
    for (const headers of [ofGet, ofHead]) headers.delete("content-length");
  }
  assert.deepEqual(ofHead, ofGet);
}

async function note(broken: string[], rule: string, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    broken.push(`${rule}: ${(error as Error).message}`);
  }
}
