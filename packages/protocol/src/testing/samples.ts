/** One generator of valid values for every wire type: what the properties, vectors and fuzz tests run over. */

import {
  blsPublicKeyOf,
  concatBytes,
  generateBlsPrivateKey,
  type PublicKey,
  type Signature,
  sha256,
  toHex,
} from '@snapscale/crypto';
import {
  type Abi,
  type Action,
  type ActionReceipt,
  type ActionTrace,
  type Asset,
  type Authority,
  abiSchema,
  actionReceiptSchema,
  actionSchema,
  actionTraceSchema,
  assetSchema,
  authoritySchema,
  type BlockHeader,
  blockHeaderSchema,
  bool,
  chainConfigSchema,
  chainConfigV0Schema,
  contextFreeDataSchema,
  defaultChainConfig,
  defaultSnapParameters,
  type Extension,
  extendedAssetSchema,
  f64,
  genesisSchema,
  i64,
  microsSchema,
  type Name,
  nameSchema,
  type PackedTransaction,
  type PermissionLevel,
  packedTransactionSchema,
  packTransaction,
  permissionLevelSchema,
  producerAuthoritySchema,
  producerScheduleSchema,
  publicKeySchema,
  type Rejection,
  rejectionSchema,
  type Schema,
  secondsSchema,
  signatureSchema,
  signedBlockSchema,
  signedTransactionSchema,
  slotSchema,
  snapParametersSchema,
  string,
  symbolSchema,
  type Transaction,
  type TransactionReceipt,
  type TransactionStatus,
  type TransactionTrace,
  transactionReceiptSchema,
  transactionSchema,
  transactionTraceSchema,
  u8,
  u16,
  u32,
  u64,
  varuint32,
} from '../index.js';
import type { Random } from './random.js';

/** A wire type and how to make values of it. */
export type Sample<T> = { readonly schema: Schema<T>; make(random: Random): T };

const number = (bits: number) => (random: Random) => Number(random.unsigned(bits));

export function makeName(random: Random): Name {
  return random.unsigned(64) as Name;
}

export function makeSymbol(random: Random): bigint {
  let code = 0n;
  for (let i = random.between(1, 7); i > 0; i--) code = (code << 8n) | BigInt(random.between(65, 90));
  return (code << 8n) | BigInt(random.below(19));
}

export function makeAsset(random: Random): Asset {
  return { amount: random.signed(64) / 4n, symbol: makeSymbol(random) };
}

/** Deriving one takes milliseconds. */
const finalizerKey = blsPublicKeyOf(generateBlsPrivateKey(new Uint8Array(48).fill(7)));

export function makeKey(random: Random): PublicKey {
  const type = random.below(3);
  const rest = type === 2 ? [random.below(3), ...lengthPrefixed(random.bytes(random.between(1, 40)))] : [];
  return Uint8Array.from([type, ...random.bytes(33), ...rest]) as PublicKey;
}

export function makeSignature(random: Random): Signature {
  const type = random.below(3);
  const part = () => lengthPrefixed(random.bytes(random.below(100)));
  return Uint8Array.from([type, ...random.bytes(65), ...(type === 2 ? [...part(), ...part()] : [])]) as Signature;
}

function lengthPrefixed(bytes: Uint8Array): number[] {
  return [bytes.length, ...bytes];
}

function makeLevel(random: Random): PermissionLevel {
  return { actor: makeName(random), permission: makeName(random) };
}

export function makeAuthority(random: Random): Authority {
  return {
    threshold: number(32)(random),
    keys: random.list(3, () => ({ key: makeKey(random), weight: number(16)(random) })),
    accounts: random.list(3, () => ({ permission: makeLevel(random), weight: number(16)(random) })),
    waits: random.list(2, () => ({ waitSec: number(32)(random), weight: number(16)(random) })),
  };
}

function makeAction(random: Random): Action {
  return {
    account: makeName(random),
    name: makeName(random),
    authorization: random.list(3, () => makeLevel(random)),
    data: random.bytes(random.below(60)),
  };
}

function makeExtension(random: Random): Extension {
  return { type: number(16)(random), data: random.bytes(random.below(20)) };
}

export function makeTransaction(random: Random): Transaction {
  return {
    expiration: number(32)(random),
    refBlockNum: number(16)(random),
    refBlockPrefix: number(32)(random),
    maxNetUsageWords: number(32)(random),
    maxCpuUsageMs: number(8)(random),
    delaySec: number(32)(random),
    contextFreeActions: random.list(1, () => makeAction(random)),
    actions: random.list(3, () => makeAction(random)),
    transactionExtensions: random.list(2, () => makeExtension(random)),
  };
}

function makeContextFreeData(random: Random): Uint8Array[] {
  return random.list(2, () => random.bytes(random.below(30)));
}

function makePackedTransaction(random: Random): PackedTransaction {
  const signatures = random.list(3, () => makeSignature(random));
  if (random.chance(4)) {
    return {
      signatures,
      compression: 1,
      packedContextFreeData: random.bytes(random.below(20)),
      packedTransaction: random.bytes(random.below(80)),
    };
  }
  return packTransaction(makeTransaction(random), signatures, makeContextFreeData(random));
}

function makeSchedule(random: Random) {
  return {
    version: number(32)(random),
    producers: random.list(4, () => ({ name: makeName(random), key: makeKey(random) })),
  };
}

export function makeHeader(random: Random): BlockHeader {
  return {
    slot: number(32)(random),
    producer: makeName(random),
    confirmed: number(16)(random),
    previous: random.bytes(32),
    transactionMroot: random.bytes(32),
    actionMroot: random.bytes(32),
    scheduleVersion: number(32)(random),
    newProducers: random.chance(3) ? makeSchedule(random) : undefined,
    headerExtensions: random.list(2, () => makeExtension(random)),
  };
}

function makeTransactionReceipt(random: Random): TransactionReceipt {
  return {
    status: random.below(5) as TransactionStatus,
    cpuUsageUs: number(32)(random),
    netUsageWords: number(32)(random),
    transaction: random.chance(3)
      ? { kind: 'id', id: random.bytes(32) }
      : { kind: 'packed', packed: makePackedTransaction(random) },
  };
}

function makeBlock(random: Random) {
  return {
    header: makeHeader(random),
    producerSignature: makeSignature(random),
    transactions: random.list(3, () => makeTransactionReceipt(random)),
    blockExtensions: random.list(1, () => makeExtension(random)),
  };
}

function makeActionReceipt(random: Random): ActionReceipt {
  return {
    receiver: makeName(random),
    actDigest: random.bytes(32),
    globalSequence: random.unsigned(64),
    recvSequence: random.unsigned(64),
    authSequence: random.list(3, () => [makeName(random), random.unsigned(64)] as const),
    codeSequence: number(32)(random),
    abiSequence: number(32)(random),
  };
}

/** A fixed choice, so that new codes do not change the vectors. */
const someCodes = [
  'tx_duplicate',
  'eosio_assert_message_exception',
  'eosio_assert_code_exception',
  'ram_usage_exceeded',
  'wasm_execution_error',
  'snap_insufficient_credit',
] as const;

function makeRejection(random: Random): Rejection {
  const code = random.pick(someCodes);
  const message = random.text(30);
  if (random.chance(2)) return { code, message };
  return {
    code,
    message,
    evidence: { error_code: random.unsigned(64).toString(), [`z${random.below(99)}`]: random.text(9) },
  };
}

function makeActionTrace(random: Random): ActionTrace {
  return {
    actionOrdinal: number(32)(random),
    creatorActionOrdinal: number(32)(random),
    closestUnnotifiedAncestorActionOrdinal: number(32)(random),
    receipt: random.chance(3) ? undefined : makeActionReceipt(random),
    receiver: makeName(random),
    action: makeAction(random),
    contextFree: random.chance(2),
    elapsedUs: number(32)(random),
    console: random.text(20),
    accountRamDeltas: random.list(2, () => ({ account: makeName(random), delta: random.signed(64) })),
    returnValue: random.bytes(random.below(10)),
    except: random.chance(4) ? makeRejection(random) : undefined,
  };
}

export function makeTransactionTrace(random: Random): TransactionTrace {
  return {
    id: random.bytes(32),
    blockNum: number(32)(random),
    slot: number(32)(random),
    status: random.below(5) as TransactionStatus,
    cpuUsageUs: number(32)(random),
    netUsageWords: number(32)(random),
    elapsedUs: number(32)(random),
    netUsageBytes: number(32)(random),
    actionTraces: random.list(3, () => makeActionTrace(random)),
    bill: {
      payer: makeName(random),
      sponsor: random.chance(2) ? makeName(random) : undefined,
      cpuFee: random.unsigned(64),
      netFee: random.unsigned(64),
      edge: makeName(random),
    },
    except: random.chance(4) ? makeRejection(random) : undefined,
  };
}

function makeNumbers<T extends object>(like: T): (random: Random) => T {
  const make = (random: Random) =>
    Object.entries(like).map(([key, value]) => {
      if (typeof value === 'boolean') return [key, random.chance(2)];
      return [key, typeof value === 'bigint' ? random.unsigned(64) : random.below(65_536)];
    });
  return (random) => Object.fromEntries(make(random)) as T;
}

function makeAbi(random: Random): Abi {
  const text = () => random.text(8);
  const lists = random.below(3);
  return {
    version: 'eosio::abi/1.2',
    types: random.list(2, () => ({ newTypeName: text(), type: text() })),
    structs: random.list(2, () => ({
      name: text(),
      base: text(),
      fields: random.list(3, () => ({ name: text(), type: text() })),
    })),
    actions: random.list(2, () => ({ name: makeName(random), type: text(), ricardianContract: text() })),
    tables: random.list(2, () => ({
      name: makeName(random),
      indexType: 'i64',
      keyNames: random.list(1, text),
      keyTypes: random.list(1, text),
      type: text(),
    })),
    ricardianClauses: random.list(1, () => ({ id: text(), body: text() })),
    errorMessages: random.list(1, () => ({ errorCode: random.unsigned(64), errorMsg: text() })),
    abiExtensions: random.list(1, () => makeExtension(random)),
    variants: lists > 0 ? random.list(2, () => ({ name: text(), types: random.list(3, text) })) : undefined,
    actionResults: lists > 1 ? random.list(2, () => ({ name: makeName(random), resultType: text() })) : undefined,
  };
}

const of = <T>(schema: Schema<T>, make: (random: Random) => T): Sample<unknown> =>
  ({ schema, make }) as Sample<unknown>;

/** By name of the wire type. */
export const samples: Readonly<Record<string, Sample<unknown>>> = {
  u8: of(u8, number(8)),
  u16: of(u16, number(16)),
  u32: of(u32, number(32)),
  u64: of(u64, (random) => random.unsigned(64)),
  i64: of(i64, (random) => random.signed(64)),
  varuint32: of(varuint32, number(32)),
  bool: of(bool, (random) => random.chance(2)),
  f64: of(f64, (random) => (random.u32() - 0x80000000) / 2 ** random.below(17)),
  string: of(string(400), (random) => random.text(120)),
  name: of(nameSchema, makeName),
  symbol: of(symbolSchema, makeSymbol),
  asset: of(assetSchema, makeAsset),
  extendedAsset: of(extendedAssetSchema, (random) => ({ quantity: makeAsset(random), contract: makeName(random) })),
  slot: of(slotSchema, number(32)),
  seconds: of(secondsSchema, number(32)),
  micros: of(microsSchema, (random) => random.signed(54) * 1000n),
  publicKey: of(publicKeySchema, makeKey),
  signature: of(signatureSchema, makeSignature),
  permissionLevel: of(permissionLevelSchema, makeLevel),
  authority: of(authoritySchema, makeAuthority),
  action: of(actionSchema, makeAction),
  transaction: of(transactionSchema, makeTransaction),
  signedTransaction: of(signedTransactionSchema, (random) => ({
    ...makeTransaction(random),
    signatures: random.list(2, () => makeSignature(random)),
    contextFreeData: makeContextFreeData(random),
  })),
  packedTransaction: of(packedTransactionSchema, makePackedTransaction),
  contextFreeData: of(contextFreeDataSchema, makeContextFreeData),
  blockHeader: of(blockHeaderSchema, makeHeader),
  transactionReceipt: of(transactionReceiptSchema, makeTransactionReceipt),
  signedBlock: of(signedBlockSchema, makeBlock),
  actionReceipt: of(actionReceiptSchema, makeActionReceipt),
  rejection: of(rejectionSchema, makeRejection),
  actionTrace: of(actionTraceSchema, makeActionTrace),
  transactionTrace: of(transactionTraceSchema, makeTransactionTrace),
  producerSchedule: of(producerScheduleSchema, makeSchedule),
  producerAuthority: of(producerAuthoritySchema, (random) => ({
    name: makeName(random),
    authority: {
      threshold: number(32)(random),
      keys: random.list(2, () => ({ key: makeKey(random), weight: number(16)(random) })),
    },
  })),
  chainConfigV0: of(chainConfigV0Schema, (random) => {
    const { maxActionReturnValueSize: _, ...fields } = makeNumbers(defaultChainConfig)(random);
    return fields;
  }),
  chainConfig: of(chainConfigSchema, makeNumbers(defaultChainConfig)),
  snapParameters: of(snapParametersSchema, makeNumbers(defaultSnapParameters)),
  genesis: of(genesisSchema, (random) => ({
    initialSlot: number(32)(random),
    initialKey: makeKey(random),
    config: makeNumbers(defaultChainConfig)(random),
    parameters: makeNumbers(defaultSnapParameters)(random),
    producers: random.list(3, () => ({ name: makeName(random), key: makeKey(random), finalizerKey })),
  })),
  abi: of(abiSchema, makeAbi),
};

/** SHA-256 chained over the bytes of seeds 0 … count - 1: digest = sha256(digest before, 32 zero bytes at first; bytes). */
export function digestOfCases(count: number, bytesOf: (seed: number) => Uint8Array): string {
  let digest: Uint8Array = new Uint8Array(32);
  for (let seed = 0; seed < count; seed++) digest = sha256(concatBytes(digest, bytesOf(seed)));
  return toHex(digest);
}
