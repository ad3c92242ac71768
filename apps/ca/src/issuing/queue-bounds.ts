/** The queue of requests that nobody has invited: strangers must not be able to fill it for each other. */
import { Refusal } from '../failures.js';
import type { Application, Source } from './application.js';

/** Requests of an address that may wait. */
const OF_ADDRESS_MAX = 20;
const WAITING_MAX = 1000;

/**
 * Makes room for another one. Where the queue is full, the oldest of whoever has sent most has to go.
 * @param waiting requests that wait and were not invited, the oldest first
 * @returns the id of the one to drop
 * @throws Refusal when this sender has too many there
 */
export function refuseFullQueue(
  waiting: readonly Application[],
  source: Source,
  address: string | undefined,
): string | undefined {
  const groups = new Map<string, Application[]>();
  for (const one of waiting) {
    const sender = senderOf(one.source, one.address);
    groups.set(sender, [...(groups.get(sender) ?? []), one]);
  }
  const own = groups.get(senderOf(source, address)) ?? [];
  // Applications on chain cost whoever makes them.
  if (source !== 'chain' && own.length >= OF_ADDRESS_MAX) {
    throw new Refusal(
      429,
      'queue_full',
      `${own.length} requests from here wait for approval already: ask an operator for an invitation`,
    );
  }
  if (waiting.length < WAITING_MAX) return undefined;
  const [largest] = [...groups.values()].sort((a, b) => b.length - a.length);
  return largest?.[0]?.id;
}

function senderOf(source: Source, address: string | undefined): string {
  return source === 'chain' ? 'chain' : (address ?? '');
}
