/** `convert`: between the forms of transactions, action data, names and keys. */
import {
  formatLegacyPublicKey,
  formatPrivateKey,
  formatPublicKey,
  formatWif,
  fromHex,
  keyTypeOf,
  parsePrivateKey,
  parsePublicKey,
  publicKeyOf,
  toHex,
} from '@snapscale/crypto';
import {
  actionType,
  contextFreeDataSchema,
  decodeType,
  encodeType,
  formatName,
  type Json,
  type JsonObject,
  packedTransactionSchema,
  parseName,
  transactionSchema,
  unpackTransaction,
} from '@snapscale/protocol';
import { type Client, packedJsonOf } from '@snapscale/sdk';
import type { Handler } from '../program/command.js';
import { usageError } from '../program/failures.js';
import { fields } from '../terminal/layout.js';
import { readStandardInput } from '../terminal/prompt.js';
import { transactionOptions } from '../transacting/execute.js';
import { jsonInput } from '../transacting/json-input.js';
import { inflate, readTransaction } from '../transacting/transaction-input.js';

export const packTransactionCommand: Handler = async (session, values) => {
  const client = await session.client();
  const json = await jsonInput(values.argument('transaction'), 'TRANSACTION');
  const prepared = await readTransaction(client, json, transactionOptions(values));
  print(session.output, packedJsonOf(prepared));
};

export const unpackTransactionCommand: Handler = async (session, values) => {
  const text = values.argument('transaction');
  const json = /^[0-9a-fA-F]+$/.test(text) ? { packed_trx: text.toLowerCase() } : await jsonInput(text, 'TRANSACTION');
  const packed = packedTransactionSchema.fromJson({
    signatures: [],
    compression: 0,
    packed_context_free_data: '',
    ...(json as JsonObject),
  });
  const { transaction, contextFreeData } = unpackTransaction(packed, inflate);
  const fieldsOf = transactionSchema.toJson(transaction) as JsonObject;
  const client = await session.client();
  const readable = values.flag('unpackActionData');
  const actions = async (list: Json | undefined) =>
    Promise.all(((list ?? []) as JsonObject[]).map((action) => (readable ? withDecodedData(client, action) : action)));
  print(session.output, {
    ...fieldsOf,
    actions: await actions(fieldsOf.actions),
    context_free_actions: await actions(fieldsOf.context_free_actions),
    signatures: (packedTransactionSchema.toJson(packed) as JsonObject).signatures,
    context_free_data: contextFreeDataSchema.toJson(contextFreeData),
  });
};

/** The action with its data as fields, where the contract's ABI can read them. */
async function withDecodedData(client: Client, action: JsonObject): Promise<JsonObject> {
  const { compiled } = await client.abis.get(String(action.account));
  const type = compiled === undefined ? undefined : actionType(compiled, parseName(String(action.name)));
  if (compiled === undefined || type === undefined) return action;
  return { ...action, data: decodeType(compiled, type, fromHex(String(action.data))), hex_data: action.data! };
}

export const packActionData: Handler = async (session, values) => {
  const { abis } = await session.client();
  const { abi, type } = await abis.action(values.argument('account'), values.argument('action'));
  const hex = toHex(encodeType(abi, type, await jsonInput(values.argument('data'), 'DATA')));
  session.output.result({ hex }, () => [hex]);
};

export const unpackActionData: Handler = async (session, values) => {
  const { abis } = await session.client();
  const { abi, type } = await abis.action(values.argument('account'), values.argument('action'));
  const text = values.argument('data').toLowerCase();
  if (!/^([0-9a-f]{2})*$/.test(text)) throw usageError('DATA must be hex');
  print(session.output, decodeType(abi, type, fromHex(text)));
};

export const convertName: Handler = async (session, values) => {
  const text = values.argument('name');
  const value = nameValue(text);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  const result = { name: formatName(value), number: value.toString(), hex: toHex(bytes) };
  session.output.result(result, () =>
    fields(
      [
        ['name', result.name === '' ? '(empty)' : result.name],
        ['number', result.number],
        ['bytes', result.hex],
      ],
      session.output.style,
    ),
  );
};

/** A name, or the number that stands for one. */
function nameValue(text: string): bigint {
  const isNumber = /^(0x[0-9a-fA-F]{1,16}|\d{14,20}|\d*[06-9]\d*)$/.test(text);
  if (!isNumber) return parseName(text);
  const value = BigInt(text);
  if (value >= 2n ** 64n) throw usageError(`${text} does not fit into 64 bits`);
  return value;
}

export const convertKey: Handler = async (session, values) => {
  const given = values.argument('key');
  const text = given === '-' ? (await readStandardInput()).trim() : given;
  const isPrivate = /^(5[1-9A-HJ-NP-Za-km-z]{50}$|PVT_)/.test(text);
  const privateKey = isPrivate ? parsePrivateKey(text) : undefined;
  const publicKey = privateKey === undefined ? parsePublicKey(text) : publicKeyOf(privateKey);
  const isK1 = keyTypeOf(publicKey) === 'K1';
  const result = {
    public_key: formatPublicKey(publicKey),
    ...(isK1 ? { legacy_public_key: formatLegacyPublicKey(publicKey) } : {}),
    ...(privateKey === undefined ? {} : { private_key: formatPrivateKey(privateKey) }),
    ...(privateKey === undefined || !isK1 ? {} : { legacy_private_key: formatWif(privateKey) }),
    hex: toHex(publicKey),
  };
  session.output.result(result, () =>
    fields(
      Object.entries(result).map(([key, value]) => [key.replaceAll('_', ' '), value] as const),
      session.output.style,
    ),
  );
};

/** Documents that are JSON by nature are printed as JSON. */
function print(output: Parameters<Handler>[0]['output'], value: unknown): void {
  output.lines([JSON.stringify(value, null, 2)]);
}
