/** Tokens: transfers, balances, supply. */
import {
  assetAmountMax,
  FormatError,
  formatAsset,
  type Json,
  parseAsset,
  symbolCode,
  symbolPrecision,
} from '@snapscale/protocol';
import type { Client } from './client.js';
import { invalid, notFound } from './errors.js';
import type { PermissionInput } from './signing/permission.js';
import type { ActionInput } from './signing/transaction.js';

/** The contract of the system token. */
export const tokenContract = 'eosio.token';

/** A transfer of tokens. */
export type Transfer = {
  readonly from: string;
  readonly to: string;
  /** As `1.0000 XST`. */
  readonly quantity: string;
  readonly memo?: string | undefined;
  /** `eosio.token` where not given. */
  readonly contract?: string | undefined;
  /** `from@active` where not given. */
  readonly authorization?: readonly PermissionInput[] | undefined;
};

/** Supply of a token, as `1.0000 XST`. */
export type TokenStats = { readonly supply: string; readonly max_supply: string; readonly issuer: string };

/** The action that transfers tokens. */
export function transferAction(transfer: Transfer): ActionInput {
  const { from, to, quantity, memo = '', contract = tokenContract, authorization = [from] } = transfer;
  return { account: contract, name: 'transfer', authorization, data: { from, to, quantity, memo } satisfies Json };
}

/** Balances of an account at a token contract, as `1.0000 XST`. */
export async function balancesOf(
  client: Client,
  account: string,
  contract: string = tokenContract,
  symbol?: string,
): Promise<readonly string[]> {
  return client.api.chain.getCurrencyBalance({ code: contract, account, ...(symbol === undefined ? {} : { symbol }) });
}

/** Supply of a token; undefined when the contract has none of this symbol code. */
export async function tokenStats(
  client: Client,
  symbol: string,
  contract: string = tokenContract,
): Promise<TokenStats | undefined> {
  const stats = await client.api.chain.getCurrencyStats({ code: contract, symbol });
  return stats[symbol];
}

/**
 * An amount in the decimals of its token: `5 XST` becomes `5.0000 XST`. Decimals are added, never cut off.
 * @throws SnapError when there is no such token, or it has fewer decimals
 */
export async function inTokenDecimals(
  client: Client,
  quantity: string,
  contract: string = tokenContract,
): Promise<string> {
  const asset = parseAsset(quantity);
  const code = quantity.trim().split(/\s+/)[1] ?? '';
  const stats = await tokenStats(client, code, contract);
  if (stats === undefined) {
    return notFound(`${contract} has no token ${code}`, 'Check the symbol; another token contract must be named.');
  }
  const { symbol } = parseAsset(stats.supply);
  const missing = symbolPrecision(symbol) - symbolPrecision(asset.symbol);
  if (symbolCode(symbol) !== symbolCode(asset.symbol)) throw new FormatError(`${quantity} is not of ${code}`);
  if (missing < 0) return invalid(`${code} has ${symbolPrecision(symbol)} decimals, so ${quantity} cannot be paid`);
  const amount = asset.amount * 10n ** BigInt(missing);
  if (amount > assetAmountMax) return invalid(`${quantity} is more than a token can have`);
  return formatAsset({ amount, symbol });
}
