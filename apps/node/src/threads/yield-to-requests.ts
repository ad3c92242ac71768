/** Priorities of the node's threads where they share processors. */
import { setPriority } from 'node:os';

/** Niceness of the threads that have the most to do; the thread that answers requests keeps 0. */
const niceness = { core: 1, verify: 5 } as const;

/**
 * Lowers the priority of the calling thread, so that requests are answered at once while blocks are full. Only Linux has
 * priorities of threads; elsewhere, and where it is forbidden, nothing happens.
 */
export function yieldToRequests(thread: keyof typeof niceness): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, niceness[thread]);
  } catch {
    // Works without.
  }
}
