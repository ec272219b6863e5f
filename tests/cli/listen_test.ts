import assert from "node:assert/strict";
import { StaticRepository } from "./static_repository.ts";

Deno.test("a port that is in use is told in one sentence, with an exit code of its own", async () => {
  const repository = await StaticRepository.create();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", new URL("../../src/cli/main.ts", import.meta.url).pathname],
        ...["edge", "--upstream", repository.url, "--root", repository.root, "--store", "memory:"],
        ...["--listen", `127.0.0.1:${taken.addr.port}`],
      ],
      env: { NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(stderr);
    assert.equal(code, 9, said);
    assert.match(
      said,
      /error\[address-unavailable\]: Cannot listen on 127\.0\.0\.1:\d+: another program/,
    );
    assert.doesNotMatch(said, / at .*\.ts:\d+/, "no stack");
  } finally {
    await repository.close();
  }
});
