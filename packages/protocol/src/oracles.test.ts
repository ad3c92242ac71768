/** Transactions, blocks and receipts beside two other implementations: @wharfkit/antelope and eosjs. */
import { fromHex, toHex } from '@snapscale/crypto';
import {
  Serializer,
  Authority as WharfAuthority,
  PackedTransaction as WharfPacked,
  SignedTransaction as WharfSigned,
  Transaction as WharfTransaction,
} from '@wharfkit/antelope';
import { Serialize } from 'eosjs';
import { describe, expect, it } from 'vitest';
import {
  authoritySchema,
  type Compression,
  contextFreeDataSchema,
  DecodeError,
  decode,
  edgeNodeExtensionFor,
  edgeNodeOf,
  encode,
  type Json,
  name,
  netSizes,
  packedTransactionSchema,
  packTransaction,
  peekTransactionHeader,
  signingDigest,
  type Transaction,
  transactionId,
  transactionSchema,
  unpackTransaction,
} from './index.js';
import { Random } from './testing/random.js';
import { makeAuthority, makeSignature, makeTransaction } from './testing/samples.js';

const seeds = Array.from({ length: 40 }, (_, seed) => seed);
const chainId = new Uint8Array(32).fill(3);
const eosjsTypes = Serialize.getTypesFromAbi(Serialize.createTransactionTypes(), { structs: [], types: [] } as never);

/** The JSON form without what WebAuthn and wharfkit's lists cannot share. */
function wharfJson(transaction: Transaction): never {
  const json = transactionSchema.toJson(transaction) as Record<string, Json>;
  const extensions = transaction.transactionExtensions.map(({ type, data }) => ({ type, data: toHex(data) }));
  return { ...json, transaction_extensions: extensions } as never;
}

describe.each(seeds)('transaction %i', (seed) => {
  const random = new Random(seed + 1000);
  const transaction = makeTransaction(random);
  const bytes = encode(transactionSchema, transaction);

  it('has the bytes, id and signing digest that wharfkit gives', () => {
    const theirs = WharfTransaction.from(wharfJson(transaction));
    expect(toHex(bytes)).toBe(Serializer.encode({ object: theirs }).hexString);
    expect(toHex(transactionId(bytes))).toBe(theirs.id.hexString);
    expect(toHex(signingDigest(chainId, bytes))).toBe(theirs.signingDigest(toHex(chainId)).hexString);
  });

  it('unpacks what wharfkit packs, to the same digest', () => {
    const signature = makeSignature(random);
    signature[0] = random.below(2);
    const signatures = [signature.subarray(0, 66) as typeof signature];
    const signed = WharfSigned.from({
      ...(wharfJson(transaction) as object),
      signatures: [sigText(signatures[0]!)],
    } as never);
    const theirs = Serializer.encode({ object: WharfPacked.fromSigned(signed, 0) }).array;
    const packed = decode(packedTransactionSchema, theirs);
    const unpacked = unpackTransaction(packed);
    expect(unpacked.transaction).toEqual(transaction);
    expect(packed.signatures).toEqual(signatures);
    // wharfkit sends an empty list of context-free data where nodeos sends no bytes; neither enters the digest.
    expect(toHex(packed.packedContextFreeData)).toBe('00');
    expect(toHex(signingDigest(chainId, unpacked.packed, unpacked.packedContextFreeData))).toBe(
      signed.transaction.signingDigest(toHex(chainId)).hexString,
    );
    expect(toHex(signingDigest(chainId, unpacked.packed, packed.packedContextFreeData))).toBe(
      toHex(signingDigest(chainId, unpacked.packed)),
    );
    expect(packTransaction(transaction, signatures).packedTransaction).toEqual(unpacked.packed);
  });

  it('decodes in eosjs to the same fields', () => {
    const buffer = new Serialize.SerialBuffer({
      textEncoder: new TextEncoder(),
      textDecoder: new TextDecoder(),
      array: bytes,
    });
    const theirs = Serialize.getType(eosjsTypes, 'transaction').deserialize(buffer);
    const ours = transactionSchema.toJson(transaction) as { actions: Json[]; ref_block_num: number; delay_sec: number };
    expect(theirs.ref_block_num).toBe(ours.ref_block_num);
    expect(theirs.delay_sec).toBe(ours.delay_sec);
    expect(theirs.actions.map((a: { data: string }) => ({ ...a, data: a.data.toLowerCase() }))).toEqual(ours.actions);
    expect(theirs.expiration.slice(0, 19)).toBe((ours as unknown as { expiration: string }).expiration);
  });

  it('authorities agree with wharfkit', () => {
    const authority = makeAuthority(random);
    const keys = authority.keys.filter(({ key }) => key[0] !== 2);
    // wharfkit reads legacy texts by their length, which only points of a curve (2 or 3 first) have.
    for (const { key } of keys) key[1] = 2;
    const value = { ...authority, keys };
    const theirs = WharfAuthority.from(authoritySchema.toJson(value) as never);
    expect(sortless(Serializer.encode({ object: theirs }).hexString)).toBe(
      sortless(toHex(encode(authoritySchema, value))),
    );
  });
});

describe('a packed transaction', () => {
  const transaction = makeTransaction(new Random(1));
  const packed = packTransaction(transaction, [], [fromHex('00ff'), new Uint8Array(0)]);

  it('carries context-free data, and the digest covers it', () => {
    const unpacked = unpackTransaction(packed);
    expect(unpacked.contextFreeData.map(toHex)).toEqual(['00ff', '']);
    const cfd = encode(contextFreeDataSchema, unpacked.contextFreeData);
    expect(toHex(unpacked.packedContextFreeData)).toBe(toHex(cfd));
    expect(toHex(signingDigest(chainId, unpacked.packed, cfd))).not.toBe(
      toHex(signingDigest(chainId, unpacked.packed)),
    );
    expect(netSizes(packed)).toEqual({ unprunable: unpacked.packed.length, prunable: 1 + cfd.length });
  });

  it('is inflated by the given function, and refused without one', () => {
    const deflate = { ...packed, compression: 1 as Compression };
    const inflate = (data: Uint8Array) => data;
    expect(unpackTransaction(deflate, inflate).transaction).toEqual(transaction);
    expect(() => unpackTransaction(deflate)).toThrow(DecodeError);
    const failing = () => {
      throw new RangeError('bomb');
    };
    expect(() => unpackTransaction(deflate, failing)).toThrow('cannot decompress: bomb');
    expect(() => unpackTransaction(deflate, () => new Uint8Array(2 ** 20 + 1))).toThrow('too large');
  });

  it('is refused with bytes left over or a broken transaction', () => {
    const longer = Uint8Array.from([...packed.packedTransaction, 0]);
    expect(() => unpackTransaction({ ...packed, packedTransaction: longer })).toThrow(DecodeError);
    expect(() => unpackTransaction({ ...packed, packedContextFreeData: fromHex('05') })).toThrow(DecodeError);
  });

  it('reads from the JSON that clients send', () => {
    const base = { signatures: [], packed_trx: toHex(packed.packedTransaction) };
    for (const compression of [0, 'none']) {
      const value = packedTransactionSchema.fromJson({ ...base, compression, packed_context_free_data: '' });
      expect(value.compression).toBe(0);
      expect(unpackTransaction(value).transaction).toEqual(transaction);
    }
    expect(packedTransactionSchema.fromJson(base).packedContextFreeData.length).toBe(0);
    expect(packedTransactionSchema.fromJson({ ...base, compression: 'zlib' }).compression).toBe(1);
  });

  it('shows its header fields without decoding the rest', () => {
    const { expiration, refBlockNum, refBlockPrefix } = transaction;
    expect(peekTransactionHeader(packed.packedTransaction)).toEqual({ expiration, refBlockNum, refBlockPrefix });
    expect(() => peekTransactionHeader(new Uint8Array(9))).toThrow(DecodeError);
  });

  it('names its edge node in an extension', () => {
    const edge = name('edge1');
    const marked = { ...transaction, transactionExtensions: [edgeNodeExtensionFor(edge)] };
    expect(edgeNodeOf(marked)).toBe(edge);
    expect(edgeNodeOf({ ...transaction, transactionExtensions: [] })).toBeUndefined();
    const broken = { ...marked, transactionExtensions: [{ type: 0x5350, data: new Uint8Array(7) }] };
    expect(() => edgeNodeOf(broken)).toThrow(DecodeError);
  });
});

function sigText(signature: Uint8Array): string {
  return String(Serializer.decode({ data: toHex(signature), type: 'signature' }));
}

/** wharfkit sorts an authority's items; compare the multiset of bytes. */
function sortless(hex: string): string {
  return hex.match(/../g)!.sort().join('');
}
