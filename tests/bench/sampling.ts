/** Measuring work of one thread, on a machine that others may use at the same time. */

/** A rate: operations per second of wall time, and per second of this process' CPU time. */
export type Rate = { readonly best: number; readonly median: number; readonly perCpuSecond: number };

/**
 * Runs `work`, which does `operations` of something, again and again for about `milliseconds`, after a warm-up of a
 * quarter of that. The best run is the one that others have disturbed least. CPU time includes helpers of the engine
 * (garbage collection, compilation).
 */
export async function rateOf(
  operations: number,
  milliseconds: number,
  work: () => void | Promise<void>,
): Promise<Rate> {
  await repeat(milliseconds / 4, work);
  const before = process.cpuUsage();
  const runsMs = await repeat(milliseconds, work);
  const { user, system } = process.cpuUsage(before);
  return summary(operations, runsMs, (user + system) / 1e6);
}

/** The rate of runs that were timed by the caller. */
export function summary(operations: number, runsMs: readonly number[], cpuSeconds: number): Rate {
  const sorted = [...runsMs].sort((a, b) => a - b);
  return {
    best: (operations * 1000) / sorted[0]!,
    median: (operations * 1000) / sorted[sorted.length >> 1]!,
    perCpuSecond: (operations * runsMs.length) / cpuSeconds,
  };
}

async function repeat(milliseconds: number, work: () => void | Promise<void>): Promise<number[]> {
  const runs: number[] = [];
  const until = performance.now() + milliseconds;
  do {
    const began = performance.now();
    const done = work();
    if (done !== undefined) await done;
    runs.push(performance.now() - began);
  } while (performance.now() < until);
  return runs;
}
