/** How much of its stack the main thread of a process may give to V8. */

/** The rest is for what is not JavaScript or WebAssembly. */
const SHARE = 0.8;
const KB_MAX = 32_000;
/** What Windows gives, and V8 takes by itself, where the system does not say. */
const UNKNOWN_KB = 1_000;

type Report = { readonly userLimits?: { readonly stack_size_bytes?: { readonly soft?: number | string } } };

/** The flag for Node by which a child process gets as much stack as this system allows. */
export function mainStackFlag(): string {
  const soft = (process.report.getReport() as Report).userLimits?.stack_size_bytes?.soft;
  const availableKb = soft === 'unlimited' ? KB_MAX : soft === undefined ? UNKNOWN_KB : Number(soft) / 1024;
  return `--stack-size=${Math.floor(Math.min(availableKb * SHARE, KB_MAX))}`;
}
