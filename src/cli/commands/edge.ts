import { setTimeout } from "node:timers/promises";
import { createApp } from "../../../workers/app.ts";
import { serveOnDeno } from "../../../workers/deno.ts";
import { BrecciaError } from "../../errors.ts";
import { keepFresh, keepSound } from "../../mirror/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { EDGE_FLAGS, openEdge } from "../open_edge.ts";

/** `breccia edge`: mirrors a repository and serves it. */
export const command: Command = {
  name: "edge",
  summary: "Mirror a repository, verified, and serve it",
  usage: "--upstream URL --root FILE [--store STORE] [--listen HOST:PORT]",
  description:
    "Serves what it verified last, whatever the upstream does. The first line on stderr is JSON with " +
    'the address, {"event":"listening","url":…}; with --json it is on stdout, too. Logs are JSON lines ' +
    "on stderr. SIGTERM ends it when answers under way are sent.",
  example:
    "breccia edge --upstream https://updates.example/ --root root.json \\\n    --store fs:/srv/edge",
  operands: [0, 0],
  flags: {
    ...EDGE_FLAGS,
    listen: {
      type: "string",
      value: "HOST:PORT",
      default: "127.0.0.1:8080",
      help: "Where to serve; port 0 takes a free one",
    },
    interval: {
      type: "string",
      value: "S",
      default: "60",
      help: "Seconds between two looks for news",
    },
    maintain: {
      type: "string",
      value: "HOURS",
      default: "24",
      help: "Hours between two checks of the store for damage and leftovers",
    },
    "on-demand": { type: "boolean", help: "Fetch content when it is first asked for, not before" },
  },
  run: serve,
};

async function serve(context: CommandContext): Promise<void> {
  const { flags, output, signal } = context;
  const address = parseAddress(flags.required("listen"));
  const interval = (flags.integer("interval", 1, 86_400) ?? 60) * 1000;
  const maintain = (flags.integer("maintain", 1, 8760) ?? 24) * 3_600_000;
  const { edge, store, log } = await openEdge(context, { onDemand: flags.has("on-demand") });
  const serving = serveOnDeno(createApp({ edge, log }), {
    ...address,
    signal,
    onListen: ({ hostname, port }) => {
      const host = hostname.includes(":") ? `[${hostname}]` : hostname;
      const listening = { event: "listening", url: `http://${host}:${port}/` };
      log("info", "listening", { url: listening.url });
      output.document(listening);
    },
  });
  const schedule = {
    signal,
    random: Math.random,
    // Woken early by the signal, which the caller looks at.
    sleep: (milliseconds: number, signal: AbortSignal) =>
      setTimeout(milliseconds, undefined, { signal }).catch(() => {}),
  };
  await Promise.all([
    serving,
    keepFresh(edge, { ...schedule, interval }),
    keepSound(edge, store, { ...schedule, interval: maintain, log }),
  ]);
}

function parseAddress(text: string): { hostname: string; port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new BrecciaError("usage", `--listen is "${text}": give HOST:PORT, such as 0.0.0.0:8080`);
  }
  return { hostname: (match[1] as string).replace(/^\[(.*)\]$/, "$1"), port };
}
