import { cpuSeconds } from "./process_cpu.ts";

/** What wrk asks for, and who answers. */
export interface Asked {
  readonly url: string;
  /** Sent as `If-None-Match`. */
  readonly tag?: string;
  /** Process that answers, with its children and threads. */
  readonly pid: number;
}

/** What one run of wrk found. */
export interface WrkRun {
  /** Requests per second. */
  readonly rate: number;
  /** What all but the slowest hundredth took at most, in milliseconds. */
  readonly p99: number;
  /** Processor time for each request where it was answered, in microseconds. */
  readonly cpu: number;
}

/** Connections that ask without pause. */
const CONNECTIONS = 64;

/** Runs wrk for so long; throws when an answer is none. */
export async function wrk({ url, tag, pid }: Asked, seconds: number): Promise<WrkRun> {
  const header = tag === undefined ? [] : ["-H", `If-None-Match: ${tag}`];
  const args = ["-t2", `-c${CONNECTIONS}`, `-d${seconds}s`, "--latency", ...header, url];
  const before = cpuSeconds(pid);
  const { stdout } = await new Deno.Command("wrk", { args }).output();
  const spent = cpuSeconds(pid) - before;
  const text = new TextDecoder().decode(stdout);
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`answers failed:\n${text}`);
  const [, p99 = "", unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(text) ?? [];
  const scale = unit === "us" ? 0.001 : unit === "ms" ? 1 : 1000;
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p99: Number(p99) * scale,
    cpu: 1e6 * spent / Number(/(\d+) requests in/.exec(text)?.[1]),
  };
}
