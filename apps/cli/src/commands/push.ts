/** `push action`, `push transaction`, `push transactions`, `sign`. */
import { readFileSync } from 'node:fs';
import { formatPublicKey, fromHex, parsePrivateKey, parsePublicKey, publicKeyOf } from '@snapscale/crypto';
import type { Json } from '@snapscale/protocol';
import {
  idOf,
  keysInMemory,
  type PreparedTransaction,
  packedJsonOf,
  sendTransaction,
  signWith,
  type TransactionResult,
} from '@snapscale/sdk';
import { userKeys } from '../keys/signer.js';
import type { Handler } from '../program/command.js';
import { configurationError, usageError } from '../program/failures.js';
import { ask } from '../terminal/prompt.js';
import {
  execute,
  executePrepared,
  finality,
  permissionsOr,
  signChecked,
  transactionOptions,
} from '../transacting/execute.js';
import { jsonInput } from '../transacting/json-input.js';
import { readTransaction } from '../transacting/transaction-input.js';

export const pushAction: Handler = async (session, values) => {
  const [account, name] = [values.argument('account'), values.argument('action')];
  const data = await actionData(values.argument('data'));
  const authorization = permissionsOr(values);
  if (authorization.length === 0 && !values.flag('read')) {
    throw usageError('who does it? No permission is declared', 'Name it with -p, as: -p alice@active');
  }
  await execute(session, values, [{ account, name, authorization, data }]);
};

/** Data as JSON, or packed as hex. */
async function actionData(text: string): Promise<Json | Uint8Array> {
  const isHex = text.length % 2 === 0 && text.length > 2 && /^[0-9a-fA-F]+$/.test(text);
  return isHex ? fromHex(text.toLowerCase()) : jsonInput(text, 'DATA');
}

export const pushTransaction: Handler = async (session, values) => {
  const client = await session.client();
  const json = await jsonInput(values.argument('transaction'), 'TRANSACTION');
  const prepared = await readTransaction(client, json, transactionOptions(values));
  const premade = idOf(prepared);
  const isSigned = prepared.signatures.length > 0 && values.text('signWith') === undefined;
  await executePrepared(session, isSigned ? values.with({ skipSign: true }) : values, prepared, { premade });
};

export const pushTransactions: Handler = async (session, values) => {
  const json = await jsonInput(values.argument('transactions'), 'TRANSACTIONS');
  if (!Array.isArray(json)) throw usageError('TRANSACTIONS must be an array');
  const client = await session.client();
  const results: TransactionResult[] = [];
  const sent: PreparedTransaction[] = [];
  for (const [index, entry] of (json as Json[]).entries()) {
    try {
      const prepared = await readTransaction(client, entry, transactionOptions(values));
      const isSigned = prepared.signatures.length > 0;
      const signed = isSigned ? prepared : await signChecked(client, prepared, await userKeys(session));
      results.push(await sendTransaction(client, signed));
      sent.push(signed);
    } catch (error) {
      session.output.note(
        `Transaction ${index + 1} of ${json.length} was refused; ${results.length} before it were sent.`,
      );
      throw error;
    }
  }
  const ids = results.map(({ transaction_id }) => transaction_id);
  if (values.unlessNot('wait')) for (const one of sent) await finality(session, client, values, one);
  session.output.result(results, () => ids);
};

export const signCommand: Handler = async (session, values) => {
  const client = await session.client();
  const json = await jsonInput(values.argument('transaction'), 'TRANSACTION');
  const read = await readTransaction(client, json, {});
  const chain = values.text('chainId');
  if (chain !== undefined && !/^[0-9a-f]{64}$/i.test(chain)) throw usageError('--chain-id must be 64 hex digits');
  const prepared = chain === undefined ? read : { ...read, chainId: fromHex(chain.toLowerCase()) };
  const publicKey = values.text('publicKey');
  const signed =
    publicKey === undefined
      ? await signWithGivenKey(prepared, await privateKeyText(values.text('privateKey')))
      : await signWith(prepared, [formatPublicKey(parsePublicKey(publicKey))], await userKeys(session));
  if (values.flag('pushTransaction'))
    return executePrepared(session, values.with({ skipSign: true }), signed, { premade: idOf(signed) });
  session.output.lines([JSON.stringify(packedJsonOf(signed), null, 2)]);
};

async function privateKeyText(given: string | undefined): Promise<string> {
  if (given === undefined) {
    return ask('Private key', {
      hidden: true,
      otherwise: 'Give it with --private-key @FILE, or name a stored one with --public-key.',
    });
  }
  if (!given.startsWith('@')) return given;
  try {
    return readFileSync(given.slice(1), 'utf8').trim();
  } catch (error) {
    throw configurationError(`the key file cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function signWithGivenKey(prepared: Parameters<typeof signWith>[0], text: string): ReturnType<typeof signWith> {
  const key = parsePrivateKey(text);
  return signWith(prepared, [formatPublicKey(publicKeyOf(key))], keysInMemory([key]));
}
