import assert from "node:assert/strict";
import { NOW } from "../publish/repository_fixture.ts";
import { bodyOf, edgeOf } from "./edge_fixture.ts";
import { ForeignOrigin } from "./foreign_fixture.ts";

const BYTES = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Teams a and b, each with one file, beside a file of the top-level role. */
async function twoTeams(): Promise<ForeignOrigin> {
  const origin = await ForeignOrigin.create({ top: BYTES("top") });
  await origin.delegate("a", ["a-*"], { "a-app": BYTES("of a") });
  await origin.delegate("b", ["b-*"], { "b-app": BYTES("of b") });
  return origin;
}

Deno.test("a fresh edge serves all but the team whose metadata has expired, and names it", async () => {
  const origin = await twoTeams();
  await origin.expire("b", NOW - 1000);
  const { edge, get } = await edgeOf(origin);
  assert.ok(await edge.refresh());
  assert.equal(new TextDecoder().decode(await bodyOf(await get("targets/a-app"))), "of a");
  assert.equal(new TextDecoder().decode(await bodyOf(await get("targets/top"))), "top");
  assert.equal((await get("targets/b-app")).status, 404);
  const { ready, reasons, unavailableRoles } = edge.status();
  assert.ok(ready);
  assert.deepEqual(unavailableRoles.map(({ role, code }) => [role, code]), [["b", "freeze"]]);
  assert.match(reasons.join("\n"), /The role "b" is unavailable: .*expired/);
  assert.match(await (await get("metrics")).text(), /^breccia_roles_unavailable 1$/m);
});

Deno.test("a team that signs anew is served at the next refresh", async () => {
  const origin = await twoTeams();
  await origin.expire("b", NOW - 1000);
  const { edge, get } = await edgeOf(origin);
  await edge.refresh();
  await origin.expire("b", NOW + 86_400_000);
  assert.ok(await edge.refresh());
  assert.equal(new TextDecoder().decode(await bodyOf(await get("targets/b-app"))), "of b");
  assert.deepEqual(edge.status().unavailableRoles, []);
});

Deno.test("a team's file that the mirror lost comes back without any news above it", async () => {
  const origin = await twoTeams();
  origin.lie = (path) => /\.b\.json$/.test(path) ? new Response(null, { status: 404 }) : undefined;
  const { edge, get } = await edgeOf(origin);
  await edge.refresh();
  assert.deepEqual(edge.status().unavailableRoles.map(({ code }) => code), ["metadata-missing"]);
  origin.lie = () => undefined;
  await edge.refresh();
  assert.deepEqual(edge.status().unavailableRoles, []);
  assert.equal((await get("targets/b-app")).status, 200);
});

Deno.test("an edge starts again from its store with a role that was never there", async () => {
  const origin = await twoTeams();
  await origin.expire("b", NOW - 1000);
  const { edge, store } = await edgeOf(origin);
  await edge.refresh();
  const again = await edgeOf(origin, { store });
  assert.equal((await again.get("targets/a-app")).status, 200);
  assert.equal(again.edge.status().trouble, null);
});

Deno.test("a role named 2.root answers for no root, and takes nobody with it", async () => {
  const origin = await twoTeams();
  await origin.delegate("2.root", ["c-*"], { "c-app": BYTES("of c") });
  const { edge, get } = await edgeOf(origin);
  assert.ok(await edge.refresh());
  for (const name of ["2.root.json", "1.2.root.json", "2.2.root.json", "3.2.root.json"]) {
    assert.equal((await get(`metadata/${name}`)).status, 404, name);
  }
  const root = JSON.parse(await (await get("metadata/1.root.json")).text());
  assert.equal(root.signed._type, "root");
  assert.equal((await get("targets/a-app")).status, 200);
  assert.deepEqual(edge.status().unavailableRoles.map(({ role }) => role), ["2.root"]);
});
