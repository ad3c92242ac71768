/** Signed transactions for tests. */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { generatePrivateKey, type PrivateKey, sign } from '@snapscale/crypto';
import {
  contextFreeDataSchema,
  encode,
  name,
  type PackedTransaction,
  packedTransactionSchema,
  signingDigest,
  type Transaction,
  transactionSchema,
} from '@snapscale/protocol';

/** The chain that the transactions are signed for. */
export const testChainId = new Uint8Array(32).fill(0xc4);

/** Keys that follow from their number. */
export function testKey(number: number, type: 'K1' | 'R1' = 'K1'): PrivateKey {
  return generatePrivateKey(type, createHash('sha256').update(`test key ${number}`).digest());
}

export type TestTransaction = {
  /** Makes the transaction differ from others. */
  readonly number: number;
  readonly keys?: readonly PrivateKey[];
  readonly isCompressed?: boolean;
  readonly contextFreeData?: readonly Uint8Array[];
  readonly dataBytes?: number;
};

/** A transaction of one action, signed. */
export function testTransaction(options: TestTransaction): { received: PackedTransaction; encoded: Uint8Array } {
  const { number, keys = [testKey(1)], isCompressed = false, contextFreeData = [], dataBytes = 24 } = options;
  const transaction: Transaction = {
    expiration: 1_700_000_000 + number,
    refBlockNum: number & 0xffff,
    refBlockPrefix: 77,
    maxNetUsageWords: 0,
    maxCpuUsageMs: 0,
    delaySec: 0,
    contextFreeActions: [],
    actions: [
      {
        account: name('eosio.token'),
        name: name('transfer'),
        authorization: [{ actor: name('alice'), permission: name('active') }],
        data: new Uint8Array(dataBytes).fill(number),
      },
    ],
    transactionExtensions: [],
  };
  const packed = encode(transactionSchema, transaction);
  const cfd = contextFreeData.length === 0 ? new Uint8Array(0) : encode(contextFreeDataSchema, contextFreeData);
  const digest = signingDigest(testChainId, packed, cfd);
  const squeeze = (bytes: Uint8Array) =>
    isCompressed && bytes.length > 0 ? Uint8Array.from(deflateSync(bytes)) : bytes;
  const received: PackedTransaction = {
    signatures: keys.map((key) => sign(key, digest)),
    compression: isCompressed ? 1 : 0,
    packedContextFreeData: squeeze(cfd),
    packedTransaction: squeeze(packed),
  };
  return { received, encoded: encode(packedTransactionSchema, received) };
}
