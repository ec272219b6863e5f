import type { Requirement } from "../requirement.ts";

/** A real server of static files that sends ranges. */
export const NGINX: Requirement = {
  what: "nginx (apt-get install --no-install-recommends nginx-light)",
  available: isFile("/usr/sbin/nginx"),
};

/** A real server of static files that sends none. */
export const PYTHON: Requirement = {
  what: "python3",
  available: isFile("/usr/bin/python3"),
};

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Runs `use` with the base URL of nginx over `folder`. */
export async function withNginx(
  folder: string,
  use: (base: string) => Promise<void>,
): Promise<void> {
  const state = await Deno.makeTempDir({ prefix: "nginx-" });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${state}/${kind};`).join(" ");
  await Deno.writeTextFile(
    `${state}/conf`,
    `daemon off; master_process off; pid ${state}/pid; error_log stderr;
    events {} http { access_log off; ${temp}
    server { listen 127.0.0.1:${port}; root ${folder}; } }`,
  );
  const args = ["-p", state, "-c", `${state}/conf`];
  const options = { args, stdout: "null", stderr: "null" } as const;
  const nginx = new Deno.Command("/usr/sbin/nginx", options).spawn();
  try {
    await listening(port);
    await use(`http://127.0.0.1:${port}/`);
  } finally {
    nginx.kill("SIGTERM");
    await nginx.status;
    await Deno.remove(state, { recursive: true });
  }
}

/** Runs `use` with the base URL of `python3 -m http.server` over `folder`. */
export async function withPythonServer(
  folder: string,
  use: (base: string) => Promise<void>,
): Promise<void> {
  const args = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder];
  const options = { args, stdout: "piped", stderr: "null" } as const;
  const python = new Deno.Command("/usr/bin/python3", options).spawn();
  const stdout = python.stdout.getReader();
  try {
    const said = new TextDecoder().decode((await stdout.read()).value);
    const port = /port (\d+)/.exec(said)?.[1];
    await use(`http://127.0.0.1:${port}/`);
  } finally {
    python.kill("SIGTERM");
    await stdout.cancel();
    await python.status;
  }
}

async function listening(port: number): Promise<void> {
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      await new Promise((next) => setTimeout(next, 10));
    }
  }
}
