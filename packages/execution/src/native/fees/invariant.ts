/** The invariant of `snap.fees`: what it owes to all accounts together is what it holds in tokens. For self-checks. */
import { assetSchema, name, names, Reader, symbolCode, systemToken } from '@snapscale/protocol';
import { tableId } from '../../state/keys.js';
import type { StateReader } from '../../state/reader.js';
import { getRow } from '../../state/records.js';
import { credits, rewards } from './tables.js';

/** Credit, RAM deposits and unclaimed rewards of all accounts, the pool included. Cost: reads all rows. */
export function totalFees(state: StateReader): bigint {
  let total = 0n;
  for (const { credit, deposit, sponsored } of credits.rows(state)) total += credit + deposit + sponsored;
  for (const { balance } of rewards.rows(state)) total += balance;
  return total;
}

/** The balance of `snap.fees` in the system token; 0 while the token contract knows of none. */
export function feeTokenBalance(state: StateReader): bigint {
  const accounts = tableId(systemToken.contract, names.snapFees, name('accounts'));
  const row = getRow(state, accounts, symbolCode(systemToken.symbol));
  return row === undefined ? 0n : assetSchema.read(new Reader(row.data)).amount;
}
