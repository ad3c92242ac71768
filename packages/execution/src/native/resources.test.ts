import type { Signature } from '@snapscale/crypto';
import { defaultChainConfig, defaultSnapParameters, name, type PackedTransaction, Reject } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { MemoryState } from '../state/memory-state.js';
import { putResources } from '../state/records.js';
import { WorkingState } from '../state/working-state.js';
import {
  addRamUsage,
  billedCpuUs,
  checkCpuUsage,
  checkNetUsage,
  checkRamQuota,
  netUsageBytes,
  netUsageWords,
} from './resources.js';

const config = defaultChainConfig;

function messageOf(run: () => void): string {
  try {
    run();
    return 'accepted';
  } catch (error) {
    return error instanceof Reject ? `${error.rejection.code}: ${error.rejection.message}` : String(error);
  }
}

describe('NET', () => {
  const received = (trx: number, signatures: number, cfd: number): { received: PackedTransaction } => ({
    received: {
      signatures: Array.from({ length: signatures }, () => new Uint8Array(66) as unknown as Signature),
      compression: 0,
      packedContextFreeData: new Uint8Array(cfd),
      packedTransaction: new Uint8Array(trx),
    },
  });

  it.each([
    // 12 base + 16 overhead + transaction + 20 % of (count + signatures + context-free data), rounded up
    [100, 1, 0, 12 + 16 + 100 + 14],
    [100, 0, 0, 12 + 16 + 100 + 1],
    [100, 3, 1000, 12 + 16 + 100 + 240],
    [100, 200, 0, 12 + 16 + 100 + 2641],
  ])('%i bytes, %i signatures, %i bytes of context-free data: %i', (trx, signatures, cfd, expected) => {
    expect(netUsageBytes(received(trx, signatures, cfd), config)).toBe(expected);
  });

  it('has no discount where the configuration has none', () => {
    const full = { ...config, contextFreeDiscountNetUsageDen: 0 };
    expect(netUsageBytes(received(100, 1, 0), full)).toBe(12 + 16 + 100 + 67);
  });

  it('counts words, rounded up', () => {
    expect([0, 1, 8, 9].map(netUsageWords)).toEqual([0, 1, 1, 2]);
  });

  it.each([
    [524_288, 0, undefined, 'accepted'],
    [524_289, 0, undefined, 'tx_net_usage_exceeded: transaction net usage is too high: 524296 > 524288'],
    [128, 16, undefined, 'accepted'],
    [129, 16, undefined, 'tx_net_usage_exceeded: transaction net usage is too high: 136 > 128'],
    [129, 16, 64, 'block_net_usage_exceeded: not enough space left in block: 136 > 64'],
    [64, 0, 64, 'accepted'],
    [65, 0, 64, 'block_net_usage_exceeded: not enough space left in block: 72 > 64'],
    [
      8,
      536_870_911,
      undefined,
      'transaction_exception: declared max_net_usage_words overflows when expanded to max net usage: 536870911',
    ],
    [8, 536_870_910, undefined, 'accepted'],
  ])('%i bytes with max_net_usage_words %i and %s left in the block', (bytes, maxNetUsageWords, left, expected) => {
    expect(messageOf(() => checkNetUsage(bytes, { maxNetUsageWords }, config, left))).toBe(expected);
  });
});

describe('CPU', () => {
  it('is billed from gas, rounded up, at least the minimum', () => {
    const bill = (gas: number) => billedCpuUs(gas, defaultSnapParameters, config);
    expect([0, 100_000, 100_001, 250_000_000].map(bill)).toEqual([100, 100, 101, 250_000]);
  });

  it.each([
    [150_000, 0, undefined, 'accepted'],
    [
      150_001,
      0,
      undefined,
      'tx_cpu_usage_exceeded: billed CPU time (150001 us) is greater than the maximum billable CPU time for the transaction (150000 us)',
    ],
    [3000, 3, undefined, 'accepted'],
    [
      3001,
      3,
      undefined,
      'tx_cpu_usage_exceeded: billed CPU time (3001 us) is greater than the maximum billable CPU time for the transaction (3000 us)',
    ],
    [
      3001,
      0,
      3000,
      'block_cpu_usage_exceeded: billed CPU time (3001 us) is greater than the billable CPU time left in the block (3000 us)',
    ],
    [3000, 0, 3000, 'accepted'],
  ])('%i us with max_cpu_usage_ms %i and %s left in the block', (usedUs, maxCpuUsageMs, left, expected) => {
    expect(messageOf(() => checkCpuUsage(usedUs, { maxCpuUsageMs }, config, left))).toBe(expected);
  });
});

describe('RAM', () => {
  const alice = name('alice');
  const stateWith = (ramUsage: bigint, ramQuota: bigint) => {
    const state = new WorkingState(new MemoryState());
    putResources(state, alice, { ramUsage, ramQuota, netWeight: -1n, cpuWeight: -1n });
    return state;
  };

  it.each([
    [100n, 100n, 'accepted'],
    [101n, 100n, 'ram_usage_exceeded: account alice has insufficient ram; needs 101 bytes has 100 bytes'],
    [1n, 0n, 'ram_usage_exceeded: account alice has insufficient ram; needs 1 bytes has 0 bytes'],
    [101n, -1n, 'accepted'],
  ])('usage %i with quota %i', (usage, quota, expected) => {
    expect(messageOf(() => checkRamQuota(stateWith(usage, quota), alice))).toBe(expected);
  });

  it('stays in range', () => {
    const state = stateWith(10n, -1n);
    addRamUsage(state, alice, -10n);
    expect(messageOf(() => addRamUsage(state, alice, -1n))).toMatch(
      /^transaction_exception: Ram usage delta would underflow/,
    );
    expect(messageOf(() => addRamUsage(state, alice, 2n ** 63n))).toMatch(
      /^transaction_exception: Ram usage delta would overflow/,
    );
  });
});
