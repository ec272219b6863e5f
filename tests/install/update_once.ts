/** Installs 1.0.0 of the test repository in the folder given: a process of its own, with its own umask. */
import { DirectoryInstall } from "../../cache/device/directory_install.ts";
import { Updater } from "../../src/client/mod.ts";
import { openSession } from "../../src/install/mod.ts";
import { publishedRepository } from "../client/device.ts";
import { staticHost } from "../client/static_host.ts";
import { clock } from "../publish/repository_fixture.ts";

const { store, root } = await publishedRepository();
const install = await openSession(new DirectoryInstall(Deno.args[0] as string));
const updater = Updater.open({
  root,
  mirrors: ["https://mirror.test/"],
  install,
  cache: install.installation.files,
  fetch: staticHost(store),
  clock,
});
const found = await updater.check();
await found!.download();
await found!.apply();
