import { testNeedingNode } from "../portable/node.ts";
import { HttpRepository } from "./http_repository.ts";
import { appSite, denoSite, nodeSite, workerdSite } from "./http_sites.ts";
import { checkHttp } from "./http_suite.ts";

Deno.test("the app keeps every rule of HTTP", async () => {
  await using repository = await HttpRepository.create();
  await checkHttp(await appSite(repository), repository);
});

Deno.test("breccia edge keeps every rule of HTTP on the wire", async () => {
  await using repository = await HttpRepository.create();
  await using site = await denoSite(repository);
  await checkHttp(site, repository);
});

testNeedingNode("the edge on Node keeps every rule of HTTP on the wire", async () => {
  await using repository = await HttpRepository.create();
  await using site = await nodeSite(repository);
  await checkHttp(site, repository);
});

Deno.test("the Worker in workerd keeps every rule of HTTP on the wire", async () => {
  await using repository = await HttpRepository.create();
  await using site = await workerdSite(repository);
  await checkHttp(site, repository);
});
