/** Accounts and signed token transfers between them, on a development network. */
import {
  type PrivateKey,
  type PublicKey,
  parsePrivateKey,
  privateKeyFromBytes,
  publicKeyOf,
  sha256,
} from '@snapscale/crypto';
import { systemAbi } from '@snapscale/execution';
import {
  type Action,
  actionType,
  authoritySchema,
  compileAbi,
  encode,
  encodeType,
  formatName,
  type Json,
  type Name,
  name,
  names,
  packedTransactionSchema,
  packTransaction,
  parseSymbol,
  refBlockPrefixOf,
  signingDigest,
  transactionId,
  Writer,
} from '@snapscale/protocol';
import { Connection, httpRequest } from './connection.js';
import { signFast } from './native-signer.js';

/** The published key that controls `eosio`, `alice` and `bob` of a development network. */
export const developmentKey: PrivateKey = parsePrivateKey('5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3');

/** What a transaction refers to. */
export type ChainReference = {
  readonly chainId: Uint8Array;
  /** Of a final block: one that is not might be left. */
  readonly headId: Uint8Array;
  readonly expirationSec: number;
};

/** A transaction that is ready to be sent. */
export type SignedTransfer = { readonly id: Uint8Array; readonly packed: Uint8Array };

/** An account of the workload. */
export type LoadAccount = { readonly name: Name; readonly key: PrivateKey; readonly publicKey: PublicKey };

const symbol = parseSymbol('4,XST');
const native = compileAbi(systemAbi);
const LETTERS = 'abcdefghijklmnopqrstuvwxyz12345';

/** The accounts of the workload, always the same ones: `load` and three letters, each with its own key. Cost: about 1 ms each. */
export function loadAccounts(count: number): LoadAccount[] {
  return Array.from({ length: count }, (_, i) => {
    const digits = [i % 31, Math.floor(i / 31) % 31, Math.floor(i / 961)];
    const text = `load${digits.map((digit) => LETTERS[digit]).join('')}`;
    const key = privateKeyFromBytes('K1', sha256(new TextEncoder().encode(`bench ${text}`)));
    return { name: name(text), key, publicKey: publicKeyOf(key) };
  });
}

/** The chain's id and newest final block, over HTTP. */
export async function chainReference(url: string): Promise<ChainReference> {
  const response = await fetch(`${url}/v1/chain/get_info`, { method: 'POST' });
  const info = (await response.json()) as { chain_id: string; last_irreversible_block_id: string };
  return {
    chainId: Buffer.from(info.chain_id, 'hex'),
    headId: Buffer.from(info.last_irreversible_block_id, 'hex'),
    expirationSec: Math.floor(Date.now() / 1000) + EXPIRATION_SEC,
  };
}

const EXPIRATION_SEC = 3000;

/** Creates the accounts and gives each of them `units` of the smallest unit of XST. */
export async function foundAccounts(
  url: string,
  port: number,
  accounts: readonly LoadAccount[],
  units: bigint,
): Promise<void> {
  const reference = await chainReference(url);
  const bodies: Uint8Array[] = [];
  for (let at = 0; at < accounts.length; at += ACCOUNTS_PER_TRANSACTION) {
    const part = accounts.slice(at, at + ACCOUNTS_PER_TRANSACTION);
    bodies.push(signActions(reference, developmentKey, part.map(newAccountAction)).packed);
  }
  for (let at = 0; at < accounts.length; at += ACCOUNTS_PER_TRANSACTION) {
    const part = accounts.slice(at, at + ACCOUNTS_PER_TRANSACTION);
    const transfers = part.map((account) => transferAction(names.eosio, account.name, units, 'load'));
    bodies.push(signActions(reference, developmentKey, transfers).packed);
  }
  const connection = await Connection.open(port);
  for (const packed of bodies) await submitPatiently(connection, packed);
  connection.close();
}

/** In a network, what a transaction builds on may have to be executed again first, when the head has just moved. */
async function submitPatiently(connection: Connection, packed: Uint8Array): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await submitBulk(connection, [packed]);
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

const TRIES = 20;
const RETRY_MS = 250;

const ACCOUNTS_PER_TRANSACTION = 50;

/** Sends transactions in one bulk request. @throws Error when one is refused */
export async function submitBulk(connection: Connection, packed: readonly Uint8Array[]): Promise<void> {
  const { status, body } = await connection.send(bulkRequest(packed));
  const text = body.toString();
  if (status >= 300 || !text.includes('"rejected":[]'))
    throw new Error(`the node refused transactions: ${status} ${text}`);
}

/** The bytes of a bulk request. */
export function bulkRequest(packed: readonly Uint8Array[]): Buffer {
  const writer = new Writer(packed.reduce((sum, bytes) => sum + bytes.length + 5, 0));
  for (const bytes of packed) writer.bytes(bytes);
  return httpRequest('/v1/snap/submit', 'application/octet-stream', writer.finish());
}

/** A transfer, signed by its sender. `memo` makes it different from the others. */
export function signTransfer(
  reference: ChainReference,
  from: LoadAccount,
  to: Name,
  units: bigint,
  memo: string,
): SignedTransfer {
  return signActions(reference, from.key, [transferAction(from.name, to, units, memo)]);
}

export function signActions(reference: ChainReference, key: PrivateKey, actions: readonly Action[]): SignedTransfer {
  const { headId, chainId, expirationSec } = reference;
  const unsigned = packTransaction(
    {
      expiration: expirationSec,
      refBlockNum: ((headId[2]! << 8) | headId[3]!) & 0xffff,
      refBlockPrefix: refBlockPrefixOf(headId),
      maxNetUsageWords: 0,
      maxCpuUsageMs: 0,
      delaySec: 0,
      contextFreeActions: [],
      actions,
      transactionExtensions: [],
    },
    [],
  );
  const digest = signingDigest(chainId, unsigned.packedTransaction);
  return {
    id: transactionId(unsigned.packedTransaction),
    packed: encode(packedTransactionSchema, { ...unsigned, signatures: [signFast(key, digest)] }),
  };
}

/** Of the token contract. */
export function transferAction(from: Name, to: Name, units: bigint, memo: string): Action {
  const writer = new Writer(64);
  writer.u64(from);
  writer.u64(to);
  writer.i64(units);
  writer.u64(symbol);
  writer.string(memo);
  return {
    account: names.eosioToken,
    name: name('transfer'),
    authorization: [{ actor: from, permission: names.active }],
    data: writer.finish(),
  };
}

/** Creates the account with its key as owner and active. */
export function newAccountAction(account: LoadAccount): Action {
  const authority = authoritySchema.toJson({
    threshold: 1,
    keys: [{ key: account.publicKey, weight: 1 }],
    accounts: [],
    waits: [],
  });
  const data: Json = { creator: 'eosio', name: formatName(account.name), owner: authority, active: authority };
  return {
    account: names.eosio,
    name: name('newaccount'),
    authorization: [{ actor: names.eosio, permission: names.active }],
    data: encodeType(native, actionType(native, name('newaccount'))!, data),
  };
}
