/** Earnings of producers, edge nodes and the fund; the pool of edge shares that nobody has earned yet. */
import { type Name, names, type SnapParameters } from '@snapscale/protocol';
import type { StateReader } from '../../state/reader.js';
import { accountExists } from '../../state/records.js';
import type { WorkingState } from '../../state/working-state.js';
import { sharesTotal } from './parameters.js';
import { edges, fundAccount, poolAccount, type RewardRow, rewards } from './tables.js';

/** An account's earnings; zero when it has none. */
export function getReward(state: StateReader, owner: Name): RewardRow {
  return rewards.get(state, owner) ?? { owner, balance: 0n, lastServed: 0 };
}

/** Who earned a fee: the producer of the block, its slot, and the edge node that the transaction named (0: none). */
export type Earners = { readonly producer: Name; readonly edge: Name; readonly slot: number };

/**
 * Divides a fee between producer, edge node and fund. The edge node's part is what the others leave, so that no unit is
 * created or lost; it goes to the pool when the transaction named none, or one that may not earn.
 */
export function shareFee(state: WorkingState, parameters: SnapParameters, fee: bigint, earners: Earners): void {
  if (fee === 0n) return;
  const part = (share: number) => (fee * BigInt(share)) / BigInt(sharesTotal);
  const producerPart = part(parameters.producerShare);
  const fundPart = parameters.edgeShare === 0 ? fee - producerPart : part(parameters.fundShare);
  const edgePart = fee - producerPart - fundPart;
  addReward(state, earners.producer, producerPart);
  addReward(state, fundAccount, fundPart);
  const { edge, slot } = earners;
  if (edge !== names.empty && mayEarnAsEdge(state, edge)) addReward(state, edge, edgePart, slot);
  else addReward(state, poolAccount, edgePart);
}

/** True for accounts that are entered as edge nodes; for every account while none is entered at all. */
function mayEarnAsEdge(state: StateReader, account: Name): boolean {
  if (edges.isEmpty(state)) return account !== poolAccount && accountExists(state, account);
  return edges.get(state, account) !== undefined;
}

/**
 * Divides the pool in equal parts among the edge nodes that have served a transaction since `sinceSlot`: to be called at
 * the start of a round, with the first slot of the one before. What cannot be divided stays. Returns the number of nodes.
 * Cost: reads all edge nodes.
 */
export function dividePool(state: WorkingState, sinceSlot: number): number {
  const pool = getReward(state, poolAccount);
  if (pool.balance === 0n) return 0;
  const active = activeEdges(state, sinceSlot);
  if (active.length === 0) return 0;
  const part = pool.balance / BigInt(active.length);
  if (part === 0n) return 0;
  for (const edge of active) addReward(state, edge, part);
  rewards.put(state, poolAccount, { ...pool, balance: pool.balance - part * BigInt(active.length) });
  return active.length;
}

/** Adds to earnings; `servedSlot` marks that the account earned as an edge node. */
function addReward(state: WorkingState, owner: Name, amount: bigint, servedSlot?: number): void {
  if (amount === 0n) return;
  const row = getReward(state, owner);
  rewards.put(state, owner, { ...row, balance: row.balance + amount, lastServed: servedSlot ?? row.lastServed });
}

function activeEdges(state: StateReader, sinceSlot: number): Name[] {
  const served = ({ lastServed }: RewardRow) => lastServed !== 0 && lastServed >= sinceSlot;
  if (edges.isEmpty(state)) return [...rewards.rows(state)].filter(served).map(({ owner }) => owner);
  return [...edges.rows(state)].map(({ owner }) => owner).filter((owner) => served(getReward(state, owner)));
}
