/**
 * What a transaction uses, and the limits on it (antelope-core 2.6): NET in bytes and words of 8 bytes, CPU in
 * microseconds converted from gas, RAM in billable bytes.
 */
import {
  type ChainConfig,
  formatName,
  type Name,
  type PackedTransaction,
  reject,
  type SnapParameters,
  type Transaction,
} from '@snapscale/protocol';
import type { StateReader } from '../state/reader.js';
import { getResources, putResources } from '../state/records.js';
import type { WorkingState } from '../state/working-state.js';

/** Bytes of NET that every packed transaction is billed for, besides its own. */
const packedOverheadBytes = 16;

/** NET is counted in words of this many bytes. */
const wordBytes = 8;

/** At and above this, `max_net_usage_words` does not fit 32 bits as bytes. */
const declaredWordsEnd = Math.floor(0xffff_ffff / wordBytes);

const ramUsageMax = 2n ** 63n - 1n;

/**
 * NET usage of a transaction as it was received: base and overhead, the packed transaction in full, and signatures and
 * context-free data, which can be pruned, at a discount (rounded up).
 */
export function netUsageBytes({ received }: { readonly received: PackedTransaction }, config: ChainConfig): number {
  const unprunable = packedOverheadBytes + received.packedTransaction.length;
  return config.basePerTransactionNetUsage + unprunable + discounted(prunableBytes(received), config);
}

/** Words of NET for `bytes`, rounded up: what receipts hold. */
export function netUsageWords(bytes: number): number {
  return Math.ceil(bytes / wordBytes);
}

/**
 * Checks NET usage against the transaction's own limit, the chain's and, when `blockLeftBytes` is given, what the block has
 * left. Rejects with `tx_net_usage_exceeded` or `block_net_usage_exceeded`.
 */
export function checkNetUsage(
  bytes: number,
  transaction: Pick<Transaction, 'maxNetUsageWords'>,
  config: ChainConfig,
  blockLeftBytes = Number.POSITIVE_INFINITY,
): void {
  const { maxNetUsageWords } = transaction;
  if (maxNetUsageWords >= declaredWordsEnd) {
    reject(
      'transaction_exception',
      `declared max_net_usage_words overflows when expanded to max net usage: ${maxNetUsageWords}`,
    );
  }
  const declared = maxNetUsageWords > 0 ? maxNetUsageWords * wordBytes : Number.POSITIVE_INFINITY;
  const limit = Math.min(declared, config.maxTransactionNetUsage);
  const used = netUsageWords(bytes) * wordBytes;
  if (limit <= blockLeftBytes) {
    if (used > limit) reject('tx_net_usage_exceeded', `transaction net usage is too high: ${used} > ${limit}`);
  } else if (used > blockLeftBytes) {
    reject('block_net_usage_exceeded', `not enough space left in block: ${used} > ${blockLeftBytes}`);
  }
}

/** CPU time that a transaction may use: its own limit or the chain's, microseconds. */
export function cpuLimitUs({ maxCpuUsageMs }: Pick<Transaction, 'maxCpuUsageMs'>, config: ChainConfig): number {
  const declared = maxCpuUsageMs > 0 ? maxCpuUsageMs * 1000 : Number.POSITIVE_INFINITY;
  return Math.min(declared, config.maxTransactionCpuUsage);
}

/** CPU time that `gas` is billed as, microseconds: rounded up, and not less than the chain's minimum. */
export function billedCpuUs(gas: number, { gasPerMicrosecond }: SnapParameters, config: ChainConfig): number {
  return Math.max(config.minTransactionCpuUsage, Math.ceil(gas / gasPerMicrosecond));
}

/** Checks CPU usage. Rejects with `tx_cpu_usage_exceeded` or `block_cpu_usage_exceeded`. */
export function checkCpuUsage(
  usedUs: number,
  transaction: Pick<Transaction, 'maxCpuUsageMs'>,
  config: ChainConfig,
  blockLeftUs = Number.POSITIVE_INFINITY,
): void {
  const limit = cpuLimitUs(transaction, config);
  if (limit <= blockLeftUs) {
    if (usedUs <= limit) return;
    reject(
      'tx_cpu_usage_exceeded',
      `billed CPU time (${usedUs} us) is greater than the maximum billable CPU time for the transaction (${limit} us)`,
    );
  }
  if (usedUs <= blockLeftUs) return;
  reject(
    'block_cpu_usage_exceeded',
    `billed CPU time (${usedUs} us) is greater than the billable CPU time left in the block (${blockLeftUs} us)`,
  );
}

/** Adds to an account's RAM usage; the quota is checked later. Rejects when the sum leaves its range. */
export function addRamUsage(state: WorkingState, account: Name, deltaBytes: bigint): void {
  if (deltaBytes === 0n) return;
  const resources = getResources(state, account);
  const ramUsage = resources.ramUsage + deltaBytes;
  if (ramUsage < 0n || ramUsage > ramUsageMax) {
    reject(
      'transaction_exception',
      `Ram usage delta would ${deltaBytes < 0n ? 'underflow' : 'overflow'}: ${formatName(account)} uses ${resources.ramUsage} bytes, delta ${deltaBytes}`,
    );
  }
  putResources(state, account, { ...resources, ramUsage });
}

/** Rejects with `ram_usage_exceeded` when an account uses more RAM than its quota. */
export function checkRamQuota(state: StateReader, account: Name): void {
  const { ramUsage, ramQuota } = getResources(state, account);
  if (ramQuota < 0n || ramUsage <= ramQuota) return;
  reject(
    'ram_usage_exceeded',
    `account ${formatName(account)} has insufficient ram; needs ${ramUsage} bytes has ${ramQuota} bytes`,
    { account: formatName(account), needs: `${ramUsage}`, available: `${ramQuota}` },
  );
}

/** The packed size of signatures (with their count) and context-free data. */
function prunableBytes({ signatures, packedContextFreeData }: PackedTransaction): number {
  let bytes = varuintBytes(signatures.length) + packedContextFreeData.length;
  for (const signature of signatures) bytes += signature.length;
  return bytes;
}

function discounted(bytes: number, config: ChainConfig): number {
  const { contextFreeDiscountNetUsageNum: numerator, contextFreeDiscountNetUsageDen: denominator } = config;
  if (denominator === 0 || numerator >= denominator) return bytes;
  return Math.ceil((bytes * numerator) / denominator);
}

function varuintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : 3;
}
