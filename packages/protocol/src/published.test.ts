/** Encodings, ids and digests that others have published. */
import { readFileSync } from 'node:fs';
import { fromHex, merkleRoot, toHex } from '@snapscale/crypto';
import { describe, expect, it } from 'vitest';
import {
  actionDigest,
  actionReceiptDigest,
  actionReceiptSchema,
  actionSchema,
  blockHeaderSchema,
  blockId,
  blockNumOf,
  blockNumOfHeader,
  compileAbi,
  DecodeError,
  decode,
  decodeBlockSummary,
  decodeType,
  encode,
  encodeType,
  type Json,
  parseAbi,
  receiptDigest,
  refBlockPrefixOf,
  signedBlockSchema,
  transactionId,
  transactionSchema,
  unpackTransaction,
} from './index.js';

type Published = {
  encodings: { type: string; json?: Json; text?: string; hex: string }[];
  transactions: { json?: Json; packed?: string; id: string }[];
  headers: { id: string; refBlockPrefix: number; json: Json }[];
  block: { id: string; transactionId: string; json: Json };
  actionDigests: { json: Json; returnValue: string; digest: string }[];
  actionReceipt: { json: Json; digest: string };
};

const published = JSON.parse(
  readFileSync(new URL('../../../vectors/protocol/published.json', import.meta.url), 'utf8'),
) as Published;

describe('published vectors', () => {
  const plain = compileAbi(parseAbi({ version: 'eosio::abi/1.0' }));

  it.each(published.encodings)('$type $hex', ({ type, json, text, hex }) => {
    if (text !== undefined) expect(toHex(encodeType(plain, type, text))).toBe(hex);
    if (json === undefined) return;
    expect(toHex(encodeType(plain, type, json))).toBe(hex);
    expect(decodeType(plain, type, fromHex(hex))).toEqual(json);
  });

  it.each(published.transactions)('transaction $id', ({ json, packed, id }) => {
    const bytes = packed === undefined ? encode(transactionSchema, transactionSchema.fromJson(json!)) : fromHex(packed);
    expect(toHex(transactionId(bytes))).toBe(id);
    expect(toHex(encode(transactionSchema, decode(transactionSchema, bytes)))).toBe(toHex(bytes));
  });

  it.each(published.headers)('block header $id', ({ id, refBlockPrefix, json }) => {
    const header = blockHeaderSchema.fromJson(json);
    expect(toHex(blockId(header))).toBe(id);
    expect(refBlockPrefixOf(fromHex(id))).toBe(refBlockPrefix);
    expect(blockNumOfHeader(header)).toBe(blockNumOf(fromHex(id)));
    expect(blockHeaderSchema.toJson(header)).toEqual(json);
  });

  it('a block with a transaction: id, transaction root, JSON', () => {
    const { block } = published;
    const value = signedBlockSchema.fromJson(block.json);
    expect(toHex(blockId(value.header))).toBe(block.id);
    expect(toHex(merkleRoot(value.transactions.map(receiptDigest)))).toBe(toHex(value.header.transactionMroot));
    expect(signedBlockSchema.toJson(value)).toEqual(block.json);
    const encoded = encode(signedBlockSchema, value);
    const summary = { header: value.header, transactionCount: value.transactions.length };
    expect(decodeBlockSummary(encoded)).toEqual(summary);
    expect(() => decodeBlockSummary(encoded.subarray(0, 100))).toThrow(DecodeError);
    const body = value.transactions[0]!.transaction;
    if (body.kind !== 'packed') throw new Error('expected a packed transaction');
    expect(toHex(transactionId(unpackTransaction(body.packed).packed))).toBe(block.transactionId);
  });

  it.each(published.actionDigests)('digest of an action $digest', ({ json, returnValue, digest }) => {
    expect(toHex(actionDigest(actionSchema.fromJson(json), fromHex(returnValue)))).toBe(digest);
  });

  it('an action receipt: digest, as in the action root of its block', () => {
    const receipt = actionReceiptSchema.fromJson(published.actionReceipt.json);
    expect(toHex(actionReceiptDigest(receipt))).toBe(published.actionReceipt.digest);
    expect(actionReceiptSchema.toJson(receipt)).toEqual(published.actionReceipt.json);
  });
});
