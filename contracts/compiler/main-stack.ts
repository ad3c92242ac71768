/** How much of its stack the main thread of a process may give to V8. */

/** The rest is for what is not JavaScript or WebAssembly. */
const SHARE = 0.8;
const KB_MAX = 32_000;
/** What Windows gives, and V8 takes by itself, where the system does not say. */
const UNKNOWN_KB = 1_000;

/** The flag for Node by which a child process gets as much stack as this system allows. */
export function mainStackFlag(): string {
  const report = process.report.getReport() as { userLimits?: { stack_size_kbytes?: { soft?: number | string } } };
  const soft = report.userLimits?.stack_size_kbytes?.soft;
  const available = soft === 'unlimited' ? KB_MAX : Number(soft ?? UNKNOWN_KB);
  return `--stack-size=${Math.floor(Math.min(available * SHARE, KB_MAX))}`;
}
