import { pseudoRandomBytes } from "../pseudo_random.ts";
import { copyDirectory, type KillScenario } from "./kill_scenarios.ts";

/** When a process was killed, and what a restart found. */
export interface KillOutcome {
  readonly scenario: string;
  /** As a person reads it: after how long, or at which change of the directory. */
  readonly instant: string;
  /** False when the work had ended by then. */
  readonly killed: boolean;
  /** What the directory held right after. */
  readonly state: string;
}

/** How long one scenario's work takes when nobody stops it. */
interface Calibration {
  /** From the first change of the directory to the last, in milliseconds. */
  readonly milliseconds: number;
  /** Changes of the directory that were seen. */
  readonly changes: number;
}

/** How long after its last change a serving process counts as done, in milliseconds. */
const QUIET_MILLISECONDS = 400;

/**
 * Kills each scenario's process at `count` instants that `seed` chooses: one half by time, spread over the
 * work as it was measured first, the other half at a change of the directory, which is where writes begin
 * and end. After each kill the state must be the one before or the one after, and a rerun must end the work.
 */
export async function* killAtInstants(
  scenario: KillScenario,
  count: number,
  seed: number,
): AsyncGenerator<KillOutcome> {
  const before = await inCopy(scenario, (folder) => stateBefore(scenario, folder));
  const measured = await inCopy(scenario, (folder) => calibrate(scenario, folder));
  const random = pseudoRandomBytes(count * 4, seed);
  const shares = new Uint32Array(random.buffer);
  for (const [number, share] of shares.entries()) {
    const position = share / 2 ** 32;
    const byTime = number % 2 === 0;
    const instant = byTime
      ? { milliseconds: position * measured.milliseconds * 1.1 }
      : { change: 1 + Math.floor(position * measured.changes) };
    yield await inCopy(scenario, async (folder) => {
      const killed = await killAt(scenario, folder, instant);
      const text = byTime
        ? `${instant.milliseconds!.toFixed(1)} of ${measured.milliseconds.toFixed(1)} ms`
        : `change ${instant.change} of ${measured.changes}`;
      const state = await scenario.check(folder).catch((error) => {
        throw new Error(`${scenario.name}, killed at ${text}, seed ${seed}: ${error.message}`);
      });
      if (state !== before && state !== scenario.done) {
        throw new Error(`${scenario.name}, killed at ${text}, seed ${seed}: there is "${state}"`);
      }
      await scenario.complete(folder);
      const after = await scenario.check(folder);
      if (after !== scenario.done) {
        throw new Error(`${scenario.name}, rerun after ${text}, seed ${seed}: there is "${after}"`);
      }
      return { scenario: scenario.name, instant: text, killed, state };
    });
  }
}

async function stateBefore({ template, check }: KillScenario, folder: string): Promise<string> {
  return template === undefined ? "nothing" : await check(folder);
}

async function calibrate(scenario: KillScenario, folder: string): Promise<Calibration> {
  const child = start(scenario, folder);
  let first = 0;
  let last = 0;
  let changes = 0;
  using watcher = Deno.watchFs(folder);
  const ended = child.status.then(() => watcher.close());
  let quiet: ReturnType<typeof setTimeout> | undefined;
  for await (const _ of watcher) {
    last = performance.now();
    first ||= last;
    changes++;
    if (scenario.ends) continue;
    clearTimeout(quiet);
    quiet = setTimeout(() => child.kill("SIGKILL"), QUIET_MILLISECONDS);
  }
  await ended;
  if (changes === 0) throw new Error(`${scenario.name} changed nothing`);
  return { milliseconds: Math.max(last - first, 5), changes };
}

async function killAt(
  scenario: KillScenario,
  folder: string,
  instant: { readonly milliseconds?: number; readonly change?: number },
): Promise<boolean> {
  const child = start(scenario, folder);
  const kill = (): void => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  using watcher = Deno.watchFs(folder);
  const status = child.status.finally(() => watcher.close());
  let changes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let quiet: ReturnType<typeof setTimeout> | undefined;
  let done = false;
  for await (const _ of watcher) {
    changes++;
    if (!scenario.ends) {
      clearTimeout(quiet);
      // Some changes in folders that are new go unseen: the instant may never come.
      quiet = setTimeout(() => {
        done = true;
        kill();
      }, QUIET_MILLISECONDS);
    }
    if (instant.change !== undefined && changes >= instant.change) kill();
    if (instant.milliseconds === undefined) continue;
    timer ??= setTimeout(kill, instant.milliseconds);
  }
  const { signal } = await status;
  clearTimeout(timer);
  clearTimeout(quiet);
  return signal === "SIGKILL" && !done;
}

function start({ work }: KillScenario, folder: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "--quiet", ...work(folder)],
    stdout: "null",
    stderr: "null",
  }).spawn();
}

async function inCopy<T>(
  { template }: KillScenario,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    if (template !== undefined) await copyDirectory(template, folder);
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
