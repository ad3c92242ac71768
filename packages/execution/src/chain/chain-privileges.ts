/** Privileged operations on the chain's records. The host functions have already checked that the caller may. */
import { equalBytes, toHex } from '@snapscale/crypto';
import { type ChainConfig, formatName, limits, type Name, type ProducerSchedule, reject } from '@snapscale/protocol';
import type { PrivilegedApi } from '../apply/types.js';
import { globalKeys } from '../state/keys.js';
import { accountExists, getAccount, getResources, putAccount, putResources } from '../state/records.js';
import type { WorkingState } from '../state/working-state.js';
import { getProposedSchedule, getSchedule, putChainConfig, putProposedSchedule } from './chain-records.js';
import { isProtocolFeature } from './protocol-features.js';
import { checkWasmLimits, defaultWasmLimitsPacked } from './wasm-limits-record.js';

export class ChainPrivileges implements PrivilegedApi {
  readonly #state: WorkingState;
  readonly #checkRamLater: (account: Name) => void;

  /** `checkRamLater` is told of accounts whose RAM quota was lowered. */
  constructor(state: WorkingState, checkRamLater: (account: Name) => void) {
    this.#state = state;
    this.#checkRamLater = checkRamLater;
  }

  setResourceLimits(account: Name, ramBytes: bigint, netWeight: bigint, cpuWeight: bigint): void {
    for (const [what, value] of Object.entries({ ram: ramBytes, net: netWeight, cpu: cpuWeight })) {
      if (value < -1n)
        reject('wasm_execution_error', `invalid value for ${what} resource limit expected [-1,INT64_MAX]: ${value}`);
    }
    this.#existing(account);
    const { ramUsage, ramQuota } = getResources(this.#state, account);
    putResources(this.#state, account, { ramUsage, ramQuota: ramBytes, netWeight, cpuWeight });
    if (ramBytes >= 0n && (ramQuota < 0n || ramBytes < ramQuota)) this.#checkRamLater(account);
  }

  getResourceLimits(account: Name): { ramBytes: bigint; netWeight: bigint; cpuWeight: bigint } {
    this.#existing(account);
    const { ramQuota, netWeight, cpuWeight } = getResources(this.#state, account);
    return { ramBytes: ramQuota, netWeight, cpuWeight };
  }

  isPrivileged(account: Name): boolean {
    return this.#existing(account).privileged;
  }

  setPrivileged(account: Name, privileged: boolean): void {
    putAccount(this.#state, account, { ...this.#existing(account), privileged });
  }

  setProposedProducers({ producers }: Pick<ProducerSchedule, 'producers'>): bigint {
    if (producers.length === 0) reject('wasm_execution_error', 'Producer schedule cannot be empty');
    if (producers.length > limits.producersMax) {
      reject(
        'wasm_execution_error',
        `Producer schedule exceeds the maximum producer count for this chain: ${producers.length} of ${limits.producersMax}`,
      );
    }
    const seen = new Set<Name>();
    for (const { name: producerName } of producers) {
      if (!accountExists(this.#state, producerName)) {
        reject('wasm_execution_error', `producer schedule includes a nonexisting account: ${formatName(producerName)}`);
      }
      if (seen.has(producerName)) {
        reject('wasm_execution_error', `duplicate producer name in producer schedule: ${formatName(producerName)}`);
      }
      seen.add(producerName);
    }
    const active = getSchedule(this.#state);
    const proposed = getProposedSchedule(this.#state);
    if (sameProducers((proposed ?? active).producers, producers)) return -1n;
    const version = active.version + 1;
    putProposedSchedule(this.#state, { version, producers });
    return BigInt(version);
  }

  setChainConfig(config: ChainConfig): void {
    checkChainConfig(config);
    putChainConfig(this.#state, config);
  }

  getWasmLimitsPacked(): Uint8Array {
    return this.#state.get(globalKeys.wasmLimits) ?? defaultWasmLimitsPacked;
  }

  setWasmLimitsPacked(packed: Uint8Array): void {
    checkWasmLimits(packed);
    this.#state.put(globalKeys.wasmLimits, packed.slice());
  }

  preactivateFeature(digest: Uint8Array): void {
    if (!isProtocolFeature(digest)) reject('protocol_feature_exception', 'protocol feature is not recognized');
  }

  /** A schedule is producers with both their keys: other finalizers are another schedule, be the producers the same. */
  setFinalizers(packed: Uint8Array): void {
    const before = this.#state.get(globalKeys.finalizers);
    if (before !== undefined && equalBytes(before, packed)) return;
    this.#state.put(globalKeys.finalizers, packed.slice());
    if (getProposedSchedule(this.#state) !== undefined) return;
    const { version, producers } = getSchedule(this.#state);
    putProposedSchedule(this.#state, { version: version + 1, producers });
  }

  #existing(account: Name) {
    const record = getAccount(this.#state, account);
    if (record === undefined) reject('account_query_exception', `unknown account ${formatName(account)}`);
    return record;
  }
}

function sameProducers(a: ProducerSchedule['producers'], b: ProducerSchedule['producers']): boolean {
  const text = (list: ProducerSchedule['producers']) => list.map(({ name, key }) => `${name}:${toHex(key)}`).join(';');
  return text(a) === text(b);
}

/** The rules that nodeos puts on a chain configuration. */
function checkChainConfig(config: ChainConfig): void {
  const rules: readonly (readonly [boolean, string])[] = [
    [config.targetBlockNetUsagePct <= 10_000, 'target block net usage percentage cannot exceed 100%'],
    [config.targetBlockNetUsagePct >= 10, 'target block net usage percentage must be at least 0.1%'],
    [config.targetBlockCpuUsagePct <= 10_000, 'target block cpu usage percentage cannot exceed 100%'],
    [config.targetBlockCpuUsagePct >= 10, 'target block cpu usage percentage must be at least 0.1%'],
    [
      BigInt(config.maxTransactionNetUsage) < BigInt(config.maxBlockNetUsage),
      'max transaction net usage must be less than max block net usage',
    ],
    [
      config.maxTransactionCpuUsage < config.maxBlockCpuUsage,
      'max transaction cpu usage must be less than max block cpu usage',
    ],
    [
      config.basePerTransactionNetUsage < config.maxTransactionNetUsage,
      'base net usage per transaction must be less than the max transaction net usage',
    ],
    [
      config.minTransactionCpuUsage <= config.maxTransactionCpuUsage,
      'min transaction cpu usage cannot exceed max transaction cpu usage',
    ],
    [config.maxAuthorityDepth >= 1, 'max authority depth should be at least 1'],
    [config.maxInlineActionDepth >= 1, 'max inline action depth should be at least 1'],
  ];
  for (const [holds, message] of rules) if (!holds) reject('action_validate_exception', message);
}
