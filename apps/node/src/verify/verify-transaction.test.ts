import { deflateSync } from 'node:zlib';
import { portableRecover, publicKeyOf } from '@snapscale/crypto';
import {
  encode,
  limits,
  type PackedTransaction,
  packedTransactionSchema,
  transactionId,
  unpackTransaction,
} from '@snapscale/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadSignatureRecovery } from './signature-recovery.js';
import { testChainId, testKey, testTransaction } from './testing/transactions.js';
import { readVerifiedBatch, VerifiedBatchWriter } from './verified-batch.js';
import { checkTransaction, inflateBounded, RECEIVED_BYTES_MAX } from './verify-transaction.js';

const { port } = loadSignatureRecovery();
const check = (bytes: Uint8Array) => checkTransaction(bytes, testChainId, port);
const codeOf = (bytes: Uint8Array) => {
  const result = check(bytes);
  return result.kind === 'rejected' ? result.rejection.code : 'verified';
};
const codeOfPacked = (change: Partial<PackedTransaction>, number = 1) =>
  codeOf(encode(packedTransactionSchema, { ...testTransaction({ number }).received, ...change }));

const variants = [
  ['plain', { number: 1 }],
  ['compressed', { number: 2, isCompressed: true }],
  ['with context-free data', { number: 3, contextFreeData: [Uint8Array.of(1, 2), new Uint8Array(0)] }],
  ['compressed with context-free data', { number: 4, isCompressed: true, contextFreeData: [new Uint8Array(500)] }],
  ['with three signers', { number: 5, keys: [testKey(1), testKey(2), testKey(3, 'R1')] }],
  ['without signature', { number: 6, keys: [] }],
] as const;

describe('checkTransaction', () => {
  it.each(variants)('verifies a transaction %s, and a batch carries it unchanged', (_name, options) => {
    const { received, encoded } = testTransaction(options);
    const result = check(encoded);
    if (result.kind === 'rejected') throw new Error(result.rejection.message);
    const { verified } = result.checked;
    const keys = 'keys' in options ? options.keys : [testKey(1)];
    const unpacked = unpackTransaction(received, inflateBounded);
    expect(verified.keys).toEqual(keys.map(publicKeyOf));
    expect(verified.id).toEqual(transactionId(unpacked.packed));
    expect(verified.transaction).toEqual(unpacked.transaction);
    expect(verified.contextFreeData).toEqual(unpacked.contextFreeData);
    const writer = new VerifiedBatchWriter();
    for (const request of [7, 0, 0xffff_ffff]) writer.add({ request, from: request % 5 }, encoded, result.checked);
    expect(writer.count).toBe(3);
    const submissions = [...readVerifiedBatch(writer.take())];
    expect(submissions.map(({ request, from }) => [request, from])).toEqual([
      [7, 2],
      [0, 0],
      [0xffff_ffff, 0],
    ]);
    for (const { transaction } of submissions) expect(transaction).toEqual(verified);
    expect([writer.count, writer.take().length]).toEqual([0, 0]);
  });

  it('agrees with the portable recovery', () => {
    const { encoded } = testTransaction({ number: 9, keys: [testKey(1), testKey(2, 'R1')] });
    expect(check(encoded)).toEqual(checkTransaction(encoded, testChainId, portableRecover));
  });

  it('rejects every truncation and every appended byte', () => {
    for (const [, options] of variants) {
      const { encoded } = testTransaction(options);
      for (let length = 0; length < encoded.length; length += 3) {
        expect(codeOf(encoded.subarray(0, length))).toBe('packed_transaction_type_exception');
      }
      expect(codeOf(Uint8Array.from([...encoded, 0]))).toBe('packed_transaction_type_exception');
    }
  });

  it('never throws, whatever the bytes are', () => {
    const { encoded } = testTransaction({ number: 1, isCompressed: true, contextFreeData: [Uint8Array.of(1)] });
    const mutated = fc.tuple(fc.nat(encoded.length - 1), fc.nat(255)).map(([at, value]) => encoded.with(at, value));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => {
        expect(['verified', 'rejected']).toContain(check(bytes).kind);
      }),
      { numRuns: 400 },
    );
  });

  it('rejects what is too large, compressed or not', () => {
    expect(codeOf(new Uint8Array(RECEIVED_BYTES_MAX + 1))).toBe('tx_too_big');
    expect(codeOf(testTransaction({ number: 1, dataBytes: limits.transactionBytesMax - 200 }).encoded)).toBe(
      'verified',
    );
    const tooMuch = new Uint8Array(limits.transactionBytesMax + 1);
    const prefixed = (bytes: Uint8Array) => Uint8Array.from(deflateSync(bytes));
    expect(codeOfPacked({ compression: 1, packedTransaction: prefixed(tooMuch) })).toBe('tx_decompression_error');
    expect(codeOfPacked({ compression: 1, packedContextFreeData: prefixed(tooMuch) })).toBe('tx_decompression_error');
  });

  it('stops inflating a bomb at the limit', () => {
    const bomb = Uint8Array.from(deflateSync(new Uint8Array(512 << 20), { level: 9 }));
    expect(bomb.length).toBeLessThan(limits.transactionBytesMax);
    const before = process.memoryUsage().arrayBuffers;
    expect(codeOfPacked({ compression: 1, packedTransaction: bomb })).toBe('tx_decompression_error');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 << 20);
  });

  it('rejects damaged, cut and continued zlib streams', () => {
    const { packedTransaction } = testTransaction({ number: 1, isCompressed: true }).received;
    const damaged = packedTransaction.with(packedTransaction.length - 1, packedTransaction.at(-1)! ^ 1);
    for (const bytes of [
      damaged,
      packedTransaction.subarray(0, -1),
      Uint8Array.from([...packedTransaction, 1]),
      Uint8Array.of(1, 2, 3),
    ]) {
      expect(codeOfPacked({ compression: 1, packedTransaction: bytes })).toBe('tx_decompression_error');
    }
  });

  it('rejects two signatures of one key, naming it', () => {
    const result = check(testTransaction({ number: 1, keys: [testKey(1), testKey(2), testKey(1)] }).encoded);
    expect(result).toMatchObject({
      kind: 'rejected',
      rejection: { code: 'tx_duplicate_sig', evidence: { key: expect.stringMatching(/^EOS/) } },
    });
  });

  it('rejects signatures that belong to no key', () => {
    const [signature] = testTransaction({ number: 1 }).received.signatures;
    const broken = [signature!.with(1, 0), signature!.with(1, 35), signature!.with(2, 0xff), signature!.fill(0, 2)];
    for (const signatures of broken) {
      expect(codeOfPacked({ signatures: [signatures] as never })).toBe('assert_exception');
    }
  });
});
