/** Blocks that this replica did not make: from its own log at start, later from peers. */
import {
  applyBlock,
  type ChainServices,
  type Changeset,
  type CommitmentUpdate,
  type FinishedBlock,
  settingAt,
} from '@snapscale/execution';
import { blockId, type SignedBlock } from '@snapscale/protocol';
import type { Chain } from './chain.js';
import type { Effect, PersistableBlock } from './effects.js';
import type { Input } from './inputs.js';

/** Executes the block on the head and extends the chain by it. Throws `Reject` when the block is invalid. */
export function importBlock(
  chain: Chain,
  services: ChainServices,
  input: Extract<Input, { kind: 'block' }>,
  effects: Effect[],
): void {
  const { block, transactions, logged } = input;
  let commitment: CommitmentUpdate | undefined;
  const { head, headState } = chain;
  const rootOf = (changes: Changeset) => {
    commitment = chain.commit(changes);
    return commitment?.root;
  };
  const setting = settingAt(headState, head.header.slot, block.header.slot);
  const finished = applyBlock(services, headState, head, block, transactions, setting, { rootOf });
  const id = blockId(block.header);
  chain.push({ parent: { num: finished.num, id, header: block.header }, state: finished.state, commitment });
  effects.push({ kind: 'persist', block: persistable(finished, id, block, commitment, logged) });
  effects.push(headEffect(finished.num, id, block));
}

/** The `head` effect of a completed block. */
export function headEffect(num: number, id: Uint8Array, { header, transactions }: SignedBlock): Effect {
  return { kind: 'head', num, id, slot: header.slot, producer: header.producer, transactions: transactions.length };
}

/** What the host must make durable of a complete block. */
export function persistable(
  finished: FinishedBlock,
  id: Uint8Array,
  block: SignedBlock,
  commitment: CommitmentUpdate | undefined,
  logged: boolean,
): PersistableBlock {
  return {
    num: finished.num,
    id,
    block,
    traces: finished.traces,
    changes: finished.state.changes(),
    buckets: commitment?.bucketWrites ?? NO_BUCKETS,
    logged,
  };
}

const NO_BUCKETS: ReadonlyMap<string, null> = new Map();
