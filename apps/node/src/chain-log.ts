/** How loudly the log says what the core has noticed, and what an operator should do about it. */
import type { ReplicaNotice } from '@snapscale/replica';
import type { Logger } from 'pino';

type Loudness = { readonly level: 'fatal' | 'error' | 'info'; readonly advice?: string };

/** All others are warnings, by their names alone. */
const loudness: Partial<Record<ReplicaNotice | 'sync-begun' | 'sync-done', Loudness>> = {
  'own-key-elsewhere': {
    level: 'fatal',
    advice:
      'another node produces or votes with the keys of this one. This node does neither from now on, so that the producer is not jailed; it goes on answering requests. Stop the other node, then start this one again',
  },
  'finality-broken': {
    level: 'fatal',
    advice:
      'two final blocks contradict each other, or a final block is not valid here: too many producers cheat, or this node is defective. It has stopped following the chain. Keep its data directory, and compare the block with other nodes',
  },
  'execution-fault': { level: 'error' },
  'block-invalid': { level: 'error' },
  'block-key-missing': {
    level: 'error',
    advice:
      'the schedule names another block signing key for this producer than keys.json holds: this node produces no blocks. Put the key there and start the node again, or register the one that is there',
  },
  'production-resumed': { level: 'info' },
  'sync-begun': { level: 'info' },
  'sync-done': { level: 'info' },
};

/** Writes down a notice of the core. */
export function logNotice(log: Logger, name: string, detail: Readonly<Record<string, string | number>>): void {
  const { level = 'warn', advice } = (loudness as Readonly<Record<string, Loudness | undefined>>)[name] ?? {};
  log[level](detail, advice === undefined ? name : `${name}: ${advice}`);
}
