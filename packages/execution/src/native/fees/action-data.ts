/** Arguments of the actions of `snap.fees`, and of the transfers that it receives and makes. */
import { assetSchema, bool, name, nameSchema, string, struct, type TypeOf, u16, u32, u64 } from '@snapscale/protocol';
import { amountSchema } from './tables.js';

const withdrawSchema = struct('withdraw', { owner: nameSchema, quantity: amountSchema });
const claimRewardsSchema = struct('claimrewards', { owner: nameSchema });
const setSponsorSchema = struct('setsponsor', {
  account: nameSchema,
  sponsor: nameSchema,
  cap: amountSchema,
  periodSec: u32,
});
const clearSponsorSchema = struct('clrsponsor', { account: nameSchema });
const setPricesSchema = struct('setprices', { cpuPrice: u64, netPrice: u64, ramPrice: u64 });
const setParamsSchema = struct('setparams', {
  producerShare: u16,
  edgeShare: u16,
  fundShare: u16,
  gasPerMicrosecond: u32,
});
const setGasPriceSchema = struct('setgasprice', { account: nameSchema, percent: u32 });
const setEdgeSchema = struct('setedge', { account: nameSchema, allowed: bool });

/** The actions by name: their arguments, and what they are for (shown to signers as the ABI's Ricardian contract). */
export const feeActions = {
  withdraw: {
    name: name('withdraw'),
    schema: withdrawSchema,
    purpose: 'Return unused fee credit to its owner as tokens.',
  },
  claimrewards: {
    name: name('claimrewards'),
    schema: claimRewardsSchema,
    purpose: 'Pay out what the owner has earned as producer or edge node, at least one whole token.',
  },
  setsponsor: {
    name: name('setsponsor'),
    schema: setSponsorSchema,
    purpose: 'Let the sponsor pay the fees of the account, up to the cap in each period. Both must sign.',
  },
  clrsponsor: {
    name: name('clrsponsor'),
    schema: clearSponsorSchema,
    purpose: 'End the sponsorship of the account. Either side may.',
  },
  setprices: {
    name: name('setprices'),
    schema: setPricesSchema,
    purpose: 'Set the prices of a millisecond of CPU, a kilobyte of NET and a kilobyte of RAM.',
  },
  setparams: {
    name: name('setparams'),
    schema: setParamsSchema,
    purpose: 'Set the shares of producer, edge node and fund in fees (basis points), and the gas per microsecond.',
  },
  setgasprice: {
    name: name('setgasprice'),
    schema: setGasPriceSchema,
    purpose: 'Let an account pay another percentage of the CPU and NET prices than 100.',
  },
  setedge: {
    name: name('setedge'),
    schema: setEdgeSchema,
    purpose: 'Allow an account to earn as an edge node, or no longer.',
  },
} as const;

/** Longest memo that is read; the token contract allows 256 bytes. */
const memoBytesMax = 1024;

/** Arguments of a token contract's `transfer`. */
export const transferSchema = struct('transfer', {
  from: nameSchema,
  to: nameSchema,
  quantity: assetSchema,
  memo: string(memoBytesMax),
});
export type Transfer = TypeOf<typeof transferSchema>;
