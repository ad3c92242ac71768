/** Sending transactions to a `MemoryChain` from tests, and a chain with a token contract on it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parsePrivateKey, sign } from '@snapscale/crypto';
import { getAbiBytes, systemAbi } from '@snapscale/execution';
import {
  type Abi,
  type Action,
  abiSchema,
  actionType,
  compileAbi,
  decodeAbi,
  encode,
  encodeType,
  type Json,
  name,
  names,
  packedTransactionSchema,
  packTransaction,
  parseAbi,
  refBlockPrefixOf,
  signingDigest,
  type Transaction,
  transactionSchema,
} from '@snapscale/protocol';
import type { SubmitMode, SubmitOutcome } from '../backend.js';
import { developmentKey, MemoryChain } from './memory-chain.js';

/** The key of every account of the sample chain. */
const sampleKey = parsePrivateKey(developmentKey);

/** An action with its data packed by the contract's ABI on the chain. */
export function makeAction(chain: MemoryChain, account: string, action: string, actor: string, data: Json): Action {
  const bytes = getAbiBytes(chain.headState(), name(account));
  const abi = compileAbi(bytes === undefined ? systemAbi : decodeAbi(bytes));
  return {
    account: name(account),
    name: name(action),
    authorization: [{ actor: name(actor), permission: names.active }],
    data: encodeType(abi, actionType(abi, name(action))!, data),
  };
}

let nonce = 0;

/** A transaction of these actions that refers to the newest block; each differs from the others. */
export function makeTransaction(chain: MemoryChain, actions: readonly Action[]): Transaction {
  const { head } = chain.chainInfo();
  return {
    expiration: Math.floor(Date.now() / 1000) + 600 + (nonce++ % 1000),
    refBlockNum: head.num & 0xffff,
    refBlockPrefix: refBlockPrefixOf(head.id),
    maxNetUsageWords: 0,
    maxCpuUsageMs: 0,
    delaySec: 0,
    contextFreeActions: [],
    actions,
    transactionExtensions: [],
  };
}

/** A transaction signed with the sample key, as `submit` takes it. */
export function signedBytes(chain: MemoryChain, transaction: Transaction): Uint8Array {
  const packed = encode(transactionSchema, transaction);
  const signature = sign(sampleKey, signingDigest(chain.chainInfo().chainId, packed));
  return encode(packedTransactionSchema, packTransaction(transaction, [signature]));
}

/** Sends actions past HTTP; throws when they fail. */
export async function push(chain: MemoryChain, actions: readonly Action[], mode: SubmitMode = 'push'): Promise<void> {
  const outcome: SubmitOutcome = await chain.submit(signedBytes(chain, makeTransaction(chain, actions)), mode);
  if (outcome.kind !== 'executed' || outcome.trace.except !== undefined) {
    throw new Error(
      `sample transaction failed: ${JSON.stringify(outcome.kind === 'executed' ? outcome.trace.except : outcome)}`,
    );
  }
}

/** Creates an account that the sample key controls. */
function newAccount(chain: MemoryChain, account: string): Action {
  const authority = {
    threshold: 1,
    keys: [{ key: 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV', weight: 1 }],
    accounts: [],
    waits: [],
  };
  return makeAction(chain, 'eosio', 'newaccount', 'eosio', {
    creator: 'eosio',
    name: account,
    owner: authority,
    active: authority,
  });
}

/** Sets code and ABI of an account. */
function setContract(chain: MemoryChain, account: string, code: Uint8Array, abi: Abi): readonly Action[] {
  return [
    makeAction(chain, 'eosio', 'setcode', account, {
      account,
      vmtype: 0,
      vmversion: 0,
      code: Buffer.from(code).toString('hex'),
    }),
    setAbi(chain, account, abi),
  ];
}

/** Sets the ABI of an account. */
function setAbi(chain: MemoryChain, account: string, abi: Abi): Action {
  const bytes = Buffer.from(encode(abiSchema, abi)).toString('hex');
  return makeAction(chain, 'eosio', 'setabi', account, { account, abi: bytes });
}

/**
 * A chain with accounts alice, bob and eosio.token, the token contract of the npm package proton-tsc, 1,000,000 XST
 * issued to alice, and every block final.
 */
export async function sampleChain(): Promise<MemoryChain> {
  const chain = new MemoryChain();
  await push(
    chain,
    ['alice', 'bob', 'eosio.token'].map((account) => newAccount(chain, account)),
  );
  const base = createRequire(import.meta.url)
    .resolve('proton-tsc/package.json')
    .replace('package.json', 'external/eosio.token/');
  const abi = parseAbi(JSON.parse(readFileSync(`${base}eosio.token.abi`, 'utf8')) as Json);
  await push(chain, setContract(chain, 'eosio.token', readFileSync(`${base}eosio.token.wasm`), abi));
  await push(chain, [
    makeAction(chain, 'eosio.token', 'create', 'eosio.token', { issuer: 'alice', maximum_supply: '10000000.0000 XST' }),
    makeAction(chain, 'eosio.token', 'issue', 'alice', { to: 'alice', quantity: '1000000.0000 XST', memo: 'first' }),
  ]);
  chain.produce();
  await push(chain, [
    makeAction(chain, 'eosio.token', 'transfer', 'alice', {
      from: 'alice',
      to: 'bob',
      quantity: '12.5000 XST',
      memo: 'hi',
    }),
  ]);
  chain.produce();
  chain.finalize(chain.head);
  return chain;
}
