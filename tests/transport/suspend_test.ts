import assert from "node:assert/strict";

Deno.test("a process that was stopped for longer than its patience goes on with its download", async () => {
  let send!: (bytes: Uint8Array | undefined) => void;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      send = (bytes) => bytes ? controller.enqueue(bytes) : controller.close();
    },
  });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response(body),
  );
  const client = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      new URL("suspended_client.ts", import.meta.url).pathname,
      `http://127.0.0.1:${server.addr.port}/`,
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = client.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  const saying = async (text: string): Promise<void> => {
    while (!said.includes(text)) {
      const { done, value } = await lines.read();
      if (done) throw new Error(`it ended with: ${said}`);
      said += value;
    }
  };
  try {
    send(new Uint8Array(10));
    await saying("has 10");
    client.kill("SIGSTOP");
    // What is tried is a time without the process: longer than the 2 s that it waits for a byte.
    await new Promise((next) => setTimeout(next, 2500));
    client.kill("SIGCONT");
    send(new Uint8Array(10));
    send(undefined);
    await saying("whole");
    assert.match(said, /has 20/);
  } finally {
    try {
      client.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await lines.cancel();
    await client.status;
    await server.shutdown();
  }
});
