/** Linux counts processor time in hundredths of a second (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;

/**
 * Processor time, of the program and of the kernel for it, in seconds, that a process, all its threads and
 * all processes that descend from it have taken so far. Linux only.
 */
export function cpuSeconds(pid: number): number {
  const processes = [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name))
    .flatMap(({ name }) => statOf(Number(name)));
  const family = new Set([pid]);
  let grown: number;
  do {
    grown = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  } while (family.size > grown);
  return processes.filter(({ pid }) => family.has(pid))
    .reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND;
}

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** Nothing for a process that has ended meanwhile. */
function statOf(pid: number): ProcessStat[] {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The name before, in brackets, may hold anything (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [{ pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
  } catch {
    return [];
  }
}
