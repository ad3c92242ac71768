import { formatPublicKey, fromHex, generatePrivateKey, publicKeyOf, recoverPublicKey, toHex } from '@snapscale/crypto';
import {
  edgeNodeOf,
  formatName,
  type Json,
  packedTransactionSchema,
  secondsToText,
  signingDigest,
  transactionId,
  unpackTransaction,
} from '@snapscale/protocol';
import { describe, expect, test } from 'vitest';
import { SnapError } from '../errors.js';
import { errorAnswer, fakeNode, info, rawAbi, tokenAbi } from '../testing/fake-node.js';
import { combinedKeys, keysInMemory } from './key-source.js';
import { idOf, packedJsonOf, packedOf, prepareTransaction, signTransaction, signWith } from './transaction.js';

const privateKey = generatePrivateKey('K1', new Uint8Array(32).fill(7));
const publicKey = publicKeyOf(privateKey);
const node = (extra: Record<string, Json> = {}) =>
  fakeNode({
    get_info: { ...info, ...extra },
    get_raw_abi: rawAbi('eosio.token', tokenAbi),
    get_required_keys: ({ available_keys }) => ({ required_keys: available_keys! }),
  });
const transfer = {
  account: 'eosio.token',
  name: 'transfer',
  authorization: ['alice'],
  data: { from: 'alice', to: 'bob', quantity: '1.0000 XST', memo: 'hi' },
};

describe('prepareTransaction', () => {
  test('refers to the final block, expires after the chain’s time, packs by the ABI', async () => {
    const { client } = node();
    const { transaction, chainId } = await prepareTransaction(client, [transfer], { expireSeconds: 30 });
    expect(toHex(chainId)).toBe(info.chain_id);
    expect(transaction.refBlockNum).toBe(3);
    expect(transaction.refBlockPrefix).toBe(0x12345678);
    expect(secondsToText(transaction.expiration)).toBe('2026-01-31T12:00:30');
    expect(toHex(transaction.actions[0]!.data)).toBe(
      '0000000000855c340000000000000e3d10270000000000000458535400000000026869',
    );
    expect(transaction.transactionExtensions).toEqual([]);
  });

  test('names the edge node where the node has one', async () => {
    const { client } = node({ edge_account: 'edge.one' });
    const { transaction } = await prepareTransaction(client, [transfer]);
    expect(formatName(edgeNodeOf(transaction)!)).toBe('edge.one');
  });

  test('equal transactions differ by their nonce', async () => {
    const { client } = node();
    const ids = await Promise.all(
      ['a', 'b', undefined].map(async (nonce) => idOf(await prepareTransaction(client, [transfer], { nonce }))),
    );
    expect(new Set(ids).size).toBe(3);
  });

  test('the ABI is fetched once, and again when it has no such action', async () => {
    const { client, requests } = node();
    await prepareTransaction(client, [transfer]);
    await prepareTransaction(client, [transfer]);
    const fetches = () => requests.filter(({ path }) => path.endsWith('get_raw_abi'));
    expect(fetches()).toHaveLength(1);
    const wrong = prepareTransaction(client, [{ ...transfer, name: 'tranfer' }]);
    await expect(wrong).rejects.toMatchObject({
      kind: 'not-found',
      hint: 'Did you mean transfer? Its actions: open, transfer.',
    });
    expect(fetches()).toHaveLength(2);
    expect(fetches()[1]!.body.abi_hash).toBe('11'.repeat(32));
  });

  test('what is wrong in the data is an invalid input, not a bug', async () => {
    const { client } = node();
    const wrong = prepareTransaction(client, [{ ...transfer, data: { from: 'alice' } }]);
    await expect(wrong).rejects.toBeInstanceOf(SnapError);
    await expect(wrong).rejects.toMatchObject({ kind: 'invalid' });
    await expect(prepareTransaction(client, [])).rejects.toMatchObject({ kind: 'invalid' });
  });
});

describe('signing', () => {
  test('signs what the node will check, with the keys that are needed', async () => {
    const { client, requests } = node();
    const prepared = await prepareTransaction(client, [transfer]);
    const signed = await signTransaction(client, prepared, keysInMemory([privateKey]));
    const { packedTransaction } = packedOf(signed);
    const digest = signingDigest(fromHex(String(info.chain_id)), packedTransaction);
    expect(signed.signatures.map((signature) => toHex(recoverPublicKey(signature, digest)))).toEqual([
      toHex(publicKey),
    ]);
    expect(toHex(transactionId(packedTransaction))).toBe(idOf(prepared));
    const asked = requests.find(({ path }) => path.endsWith('get_required_keys'))!.body;
    expect(asked.available_keys).toEqual([formatPublicKey(publicKey)]);
    expect(JSON.stringify(asked.transaction)).not.toContain('0000000000855c34000000');
    const again = unpackTransaction(packedTransactionSchema.fromJson(packedJsonOf(signed)));
    expect(again.transaction).toEqual(signed.transaction);
  });

  test('a refusal of the node goes through; a key that is not at hand is said', async () => {
    const { client } = fakeNode({
      get_info: info,
      get_raw_abi: rawAbi('eosio.token', tokenAbi),
      get_required_keys: errorAnswer(401, 3090003, 'unsatisfied_authorization', 'not enough'),
    });
    const prepared = await prepareTransaction(client, [transfer]);
    await expect(signTransaction(client, prepared, keysInMemory([]))).rejects.toMatchObject({ kind: 'unauthorized' });
    const missing = signWith(prepared, [formatPublicKey(publicKey)], combinedKeys([keysInMemory([])]));
    await expect(missing).rejects.toMatchObject({ name: 'missing_key', kind: 'unauthorized' });
  });

  test('several sources are one, each key once', async () => {
    const source = keysInMemory([privateKey]);
    const keys = combinedKeys([keysInMemory([]), source, source]);
    expect((await keys.publicKeys()).map(toHex)).toEqual([toHex(publicKey)]);
    expect(await keys.sign(publicKey, new Uint8Array(32))).toEqual(await source.sign(publicKey, new Uint8Array(32)));
  });
});
