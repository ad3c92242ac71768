/**
 * The bill of a transaction: what it costs, who pays, and the settlement after it has run (economics.md).
 *
 * A fee is the CPU time and the NET words of the receipt times the prices, each rounded up, so that everybody can
 * recompute it from the block. The first authoriser pays from its credit, unless its sponsor does. Privileged accounts pay
 * nothing: the system must be able to change prices that nobody could pay.
 */
import { type Bill, type Name, names, reject, type SnapParameters, type Transaction } from '@snapscale/protocol';
import type { StateReader } from '../../state/reader.js';
import { getAccount } from '../../state/records.js';
import type { WorkingState } from '../../state/working-state.js';
import { getCredit, rejectInsufficientCredit, takeCredit } from './credit.js';
import { returnDeposits, takeDeposits, unitsPerPrice } from './deposit.js';
import { getParameters, isFree } from './parameters.js';
import { shareFee } from './rewards.js';
import { rejectSponsorLimit, sponsorAvailable, sponsorshipAt, takeFromSponsor } from './sponsorship.js';
import { gasPrices, type SponsorRow } from './tables.js';

/** What a transaction has used: as in its receipt. */
export type Usage = {
  readonly cpuUs: number;
  readonly netWords: number;
  /** The edge node that served the transaction, if it names one. */
  readonly edge?: Name | undefined;
};

/** Who is to pay, and what there is to pay with. */
export type Payer = {
  readonly account: Name;
  /** Percent of the prices that the account pays; 0: nothing. */
  readonly pricePercent: number;
  /** The account's own credit. */
  readonly credit: bigint;
  /** Its sponsorship in the present period, and what the sponsor can still pay. */
  readonly sponsorship?: { readonly row: SponsorRow; readonly available: bigint } | undefined;
};

/** The block in which fees are earned. */
export type EarningBlock = { readonly producer: Name; readonly slot: number };

const bytesPerWord = 8n;
const percentNormal = 100;

/** The first authoriser of the first action that has one. Rejects with `tx_no_auths`. */
export function firstAuthorizer({ actions }: Pick<Transaction, 'actions'>): Name {
  for (const { authorization } of actions) if (authorization.length > 0) return authorization[0]!.actor;
  return reject('tx_no_auths', 'transaction must have at least one authorization');
}

/** Looks up what `account` can pay with in `slot`. Reads nothing but the parameters while transactions are free. */
export function choosePayer(
  state: StateReader,
  account: Name,
  slot: number,
  parameters: SnapParameters = getParameters(state),
): Payer {
  const free = isFree(parameters) || getAccount(state, account)?.privileged === true;
  if (free) return { account, pricePercent: 0, credit: 0n };
  const row = sponsorshipAt(state, account, slot);
  return {
    account,
    pricePercent: gasPrices.get(state, account)?.percent ?? percentNormal,
    credit: getCredit(state, account).credit,
    sponsorship: row === undefined ? undefined : { row, available: sponsorAvailable(state, row) },
  };
}

/**
 * The bill for `usage`. The sponsor pays when there is one, except that an account whose sponsor can no longer pay falls
 * back on its own credit if that suffices.
 */
export function computeBill(parameters: SnapParameters, payer: Payer, usage: Usage): Bill {
  const cpuFee = price(parameters.cpuPrice, BigInt(usage.cpuUs), payer.pricePercent);
  const netFee = price(parameters.netPrice, BigInt(usage.netWords) * bytesPerWord, payer.pricePercent);
  const bill = { payer: payer.account, cpuFee, netFee, edge: usage.edge ?? names.empty };
  const { sponsorship } = payer;
  const fee = cpuFee + netFee;
  if (fee === 0n || sponsorship === undefined) return bill;
  if (sponsorship.available < fee && payer.credit >= fee) return bill;
  return { ...bill, sponsor: sponsorship.row.sponsor };
}

/**
 * Before execution: rejects when the payer cannot even pay for `least`, with `snap_insufficient_credit` or
 * `snap_sponsor_limit_exceeded` and the amount that is missing.
 */
export function checkCredit(
  state: StateReader,
  parameters: SnapParameters,
  transaction: Pick<Transaction, 'actions'>,
  slot: number,
  least: Usage,
): void {
  if (isFree(parameters)) return;
  const payer = choosePayer(state, firstAuthorizer(transaction), slot, parameters);
  const { cpuFee, netFee, sponsor } = computeBill(parameters, payer, least);
  const fee = cpuFee + netFee;
  const purpose = 'the least that this transaction costs';
  if (sponsor === undefined) {
    if (payer.credit < fee) rejectInsufficientCredit(payer.account, payer.credit, fee, purpose);
    return;
  }
  const { row, available } = payer.sponsorship!;
  if (available >= fee) return;
  if (row.cap - row.used < fee) rejectSponsorLimit(row, fee);
  rejectInsufficientCredit(sponsor, available, fee, purpose);
}

/**
 * The CPU time that the payer can pay for besides `netWords`, microseconds: a limit for the execution, so that a
 * transaction stops when its credit is used up instead of failing at the end. `Infinity` when CPU is free.
 */
export function affordableCpuUs(parameters: SnapParameters, payer: Payer, netWords: number): number {
  const { cpuPrice } = parameters;
  if (cpuPrice === 0n || payer.pricePercent === 0) return Number.POSITIVE_INFINITY;
  const { netFee } = computeBill(parameters, payer, { cpuUs: 0, netWords });
  const sponsored = payer.sponsorship?.available ?? 0n;
  const funds = (sponsored > payer.credit ? sponsored : payer.credit) - netFee;
  if (funds <= 0n) return 0;
  return Number((funds * unitsPerPrice * BigInt(percentNormal)) / (cpuPrice * BigInt(payer.pricePercent)));
}

/**
 * After execution: returns deposits for RAM given up, takes the fee and the deposits for RAM gained, and divides the fee
 * among those who earned it. `ramDeltas` are the transaction's changes of RAM by account, already applied.
 * Rejects as `checkCredit`. Cost: nothing when all prices are zero and no RAM was given up.
 */
export function settleFee(
  state: WorkingState,
  parameters: SnapParameters,
  bill: Bill,
  block: EarningBlock,
  ramDeltas: ReadonlyMap<Name, bigint>,
): void {
  if (ramDeltas.size > 0) returnDeposits(state, ramDeltas);
  const fee = bill.cpuFee + bill.netFee;
  if (fee > 0n) {
    if (bill.sponsor === undefined) takeCredit(state, bill.payer, fee, 'this transaction');
    else takeFromSponsor(state, bill.payer, fee, block.slot);
    shareFee(state, parameters, fee, { producer: block.producer, edge: bill.edge, slot: block.slot });
  }
  if (ramDeltas.size > 0) takeDeposits(state, parameters, bill, block.slot, ramDeltas);
}

/** units × price ÷ 1000 × percent ÷ 100, rounded up. */
function price(perThousand: bigint, units: bigint, percent: number): bigint {
  if (perThousand === 0n || percent === 0) return 0n;
  const divisor = unitsPerPrice * BigInt(percentNormal);
  return (units * perThousand * BigInt(percent) + divisor - 1n) / divisor;
}
