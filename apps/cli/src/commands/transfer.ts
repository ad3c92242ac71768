/** `transfer`: tokens from one account to another. */
import { balancesOf, inTokenDecimals, tokenContract, transferAction } from '@snapscale/sdk';
import type { Handler } from '../program/command.js';
import { AnnotatedError, usageError } from '../program/failures.js';
import type { Values } from '../program/values.js';
import { execute, permissionsOr } from '../transacting/execute.js';

/** @throws CommandError when the symbol is missing, as it is without quotes */
function quantityOf(values: Values): string {
  const text = values.argument('quantity');
  if (/^-?[\d.,]+ +[A-Z]+$/.test(text.trim())) return text;
  const unquoted = /^[\d.]+$/.test(text) && /^[A-Z]{1,7}$/.test(values.optionalArgument('memo') ?? '');
  throw usageError(
    `QUANTITY ${JSON.stringify(text)} is not an amount with its token`,
    unquoted ? `Put it into quotes: "${text} ${values.optionalArgument('memo')}"` : 'As "5.0000 XST", in quotes.',
  );
}

export const transfer: Handler = async (session, values) => {
  const [from, to] = [values.argument('from'), values.argument('to')];
  const contract = values.text('contract') ?? tokenContract;
  const client = await session.client();
  const quantity = await inTokenDecimals(client, quantityOf(values), contract);
  const memo = values.optionalArgument('memo') ?? '';
  const authorization = permissionsOr(values, `${from}@active`);
  await execute(session, values, [transferAction({ from, to, quantity, memo, contract, authorization })], {
    headline: () => `${from} paid ${to} ${quantity}${memo === '' ? '' : `  (${memo})`}`,
    next: [`get currency balance ${contract} ${to}`],
    explain: async (error) => {
      if (/no balance object found|overdrawn balance/.test(error.message)) {
        const symbol = quantity.split(' ')[1]!;
        const [balance] = await balancesOf(client, from, contract, symbol);
        return new AnnotatedError(error, {
          title: `${from} cannot pay ${quantity}`,
          lines: [`the contract refused: ${error.message.replace(/^.*message: /, '')}`],
          hints: [balance === undefined ? `${from} has no ${symbol}.` : `${from} has ${balance}.`],
        });
      }
      if (/to account does not exist/.test(error.message)) {
        return new AnnotatedError(error, {
          title: `account ${to} does not exist, so it cannot be paid`,
          hints: [`Check the spelling, or create it: snapscale create account ${from} ${to}`],
        });
      }
      return undefined;
    },
  });
};
