/** The rows that `snap.fees` keeps. Amounts are in the smallest unit of the system token. */
import {
  assetSchema,
  FormatError,
  formatAsset,
  mapped,
  name,
  nameSchema,
  names,
  type Schema,
  slotSchema,
  snapParametersSchema,
  struct,
  systemToken,
  type TypeOf,
  u32,
} from '@snapscale/protocol';
import { feeTable } from './fee-table.js';

/** An asset of the system token, as its amount alone. */
export const amountSchema: Schema<bigint> = mapped('asset', assetSchema, {
  view({ amount, symbol }) {
    if (symbol !== systemToken.symbol) throw new FormatError('not the system token');
    return amount;
  },
  back: (amount) => ({ amount, symbol: systemToken.symbol }),
});

/** Where the consortium's share of the fees goes. Its permissions are `eosio@active`. */
export const fundAccount = name('snap.fund');

/** The row of `rewards` that holds edge shares of transactions which named no edge node, until they are divided. */
export const poolAccount = names.snapFees;

const creditSchema = struct('credit', {
  owner: nameSchema,
  credit: amountSchema,
  deposit: amountSchema,
  sponsored: amountSchema,
  sponsor: nameSchema,
});

/**
 * What an account has paid in: `credit` pays its fees and can be withdrawn; `deposit` stands for its RAM. `sponsored` is a
 * further deposit for its RAM that `sponsor` has paid, and to whom it returns; without it, `sponsor` is 0.
 */
export type CreditRow = TypeOf<typeof creditSchema>;
export const credits = feeTable(name('credits'), creditSchema);

const sponsorSchema = struct('sponsorship', {
  account: nameSchema,
  sponsor: nameSchema,
  cap: amountSchema,
  periodSec: u32,
  periodStart: slotSchema,
  used: amountSchema,
});

/** `sponsor` pays for `account`, up to `cap` in each period; `used` counts from `periodStart`. */
export type SponsorRow = TypeOf<typeof sponsorSchema>;
export const sponsors = feeTable(name('sponsors'), sponsorSchema);

const rewardSchema = struct('reward', { owner: nameSchema, balance: amountSchema, lastServed: slotSchema });

/** Earnings not claimed yet, and the slot in which the account last earned as an edge node (0: never). */
export type RewardRow = TypeOf<typeof rewardSchema>;
export const rewards = feeTable(name('rewards'), rewardSchema);

const edgeSchema = struct('edge', { owner: nameSchema });

/** Accounts that may earn as edge nodes. While there is none, every account may. */
export const edges = feeTable(name('edges'), edgeSchema);

const gasPriceSchema = struct('gas_price', { account: nameSchema, percent: u32 });

/** Accounts that pay another share of the CPU and NET prices than 100 percent. */
export const gasPrices = feeTable(name('gasprices'), gasPriceSchema);

/** The chain's parameters: one row with the key `params`. */
export const parameterRows = feeTable(name('params'), snapParametersSchema);

/** An amount with its symbol, for messages. */
export function formatAmount(amount: bigint): string {
  return formatAsset({ amount, symbol: systemToken.symbol });
}
