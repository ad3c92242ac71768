import { Reject, reject } from '@snapscale/protocol';
import { webAssembly } from './engine.js';
import { ContractExit, NodeFault, type RuntimeHost } from './host-port.js';
import type { WasmLimits } from './limits.js';
import { prepareModule } from './prepare.js';
import { ContractInstance } from './running/contract-instance.js';
import { type CacheBounds, type CachedContract, ModuleCache } from './running/module-cache.js';
import type { ImportTable } from './validate.js';

/** One call of `apply`. Names are unsigned 64-bit numbers. */
export type ContractCall = {
  readonly receiver: bigint;
  readonly account: bigint;
  readonly action: bigint;
  /** Most gas that the call may use, at most 2^51. */
  readonly gasLimit: number;
  readonly limits: WasmLimits;
};

/** Runs contracts, one at a time. Must be used on a thread with a native stack of at least 32 MB. */
export class ContractRuntime {
  readonly #host: RuntimeHost;
  readonly #imports: ImportTable;
  readonly #functions: Readonly<Record<string, unknown>>;
  readonly #cache: ModuleCache;
  #limits: WasmLimits | undefined;
  #running = false;
  #lastGas = 0;

  /** `imports` declares what contracts may import; `host` implements all of it. */
  constructor(host: RuntimeHost, imports: ImportTable, bounds?: CacheBounds) {
    this.#host = host;
    this.#imports = imports;
    this.#functions = Object.fromEntries([...imports.keys()].map((name) => [name, implementation(host, name)]));
    this.#cache = new ModuleCache(bounds);
  }

  /**
   * Runs a contract's start function and `apply`; returns all gas used, that of host functions included. `loadCode` is
   * asked only when the code is not cached.
   *
   * Rejects: `wasm_execution_error` for traps and exceeded call depth, `tx_cpu_usage_exceeded` when the gas is used up,
   * `wasm_serialization_error` for code that is not acceptable under the limits, and whatever a host function rejects.
   * Throws NodeFault when this machine lacks stack or memory. Costs about 1 µs beyond the contract's own work when an
   * instance is at hand, 0.1 ms for a new instance, and preparing (see `prepareModule`) for code seen first.
   */
  apply(codeHash: Uint8Array, loadCode: () => Uint8Array, call: ContractCall): number {
    if (this.#running) throw new Error('a contract was applied while another one runs');
    this.#running = true;
    try {
      this.#useLimits(call.limits);
      return this.#applyContract(this.#contract(codeHash, loadCode, call.limits), call);
    } finally {
      this.#running = false;
    }
  }

  /** Contracts compiled, instances at rest, and bytes of rewritten code held. */
  get usage(): { readonly modules: number; readonly idleInstances: number; readonly moduleBytes: number } {
    const { moduleCount, idleCount, bytes } = this.#cache;
    return { modules: moduleCount, idleInstances: idleCount, moduleBytes: bytes };
  }

  /** Gas that the last call used, whether it ended well or was rejected. */
  get lastGas(): number {
    return this.#lastGas;
  }

  #contract(codeHash: Uint8Array, loadCode: () => Uint8Array, limits: WasmLimits): CachedContract {
    return this.#cache.get(codeHash) ?? this.#cache.add(codeHash, prepareModule(loadCode(), limits, this.#imports));
  }

  /** Limits are built into rewritten code. */
  #useLimits(limits: WasmLimits): void {
    if (this.#limits === limits) return;
    if (this.#limits !== undefined && !sameLimits(this.#limits, limits)) this.#cache.clear();
    this.#limits = limits;
  }

  #applyContract(contract: CachedContract, call: ContractCall): number {
    const { baseGas } = contract.prepared;
    const gas = call.gasLimit - baseGas;
    this.#lastGas = Math.min(baseGas, call.gasLimit);
    if (gas < 0) rejectGas(call.gasLimit);
    const instance = this.#cache.take(contract) ?? new ContractInstance(contract.prepared, this.#host, this.#functions);
    this.#host.activate(instance.memory);
    this.#host.resetGas(gas);
    let gasLeft: number | undefined;
    try {
      gasLeft = this.#run(contract, instance, call, gas);
    } finally {
      const used = gas - (gasLeft ?? instance.gasLeft) + instance.growGas + this.#host.takeGas();
      this.#lastGas = Math.min(baseGas + used, call.gasLimit);
    }
    const used = gas - gasLeft + instance.growGas + this.#host.takeGas();
    if (used > gas) rejectGas(call.gasLimit);
    return baseGas + used;
  }

  #run(contract: CachedContract, instance: ContractInstance, call: ContractCall, gas: number): number {
    let trapped = false;
    try {
      return instance.run(gas, call.receiver, call.account, call.action);
    } catch (error) {
      if (error instanceof ContractExit) return instance.gasLeft;
      if (error instanceof Reject || error instanceof NodeFault) throw error;
      trapped = true;
      if (error instanceof RangeError) throw new NodeFault('native stack or memory exhausted in a contract', error);
      if (!(error instanceof webAssembly.RuntimeError)) throw error;
      return rejectTrap(error, instance, call);
    } finally {
      if (!trapped && instance.reusable) this.#cache.keep(contract, instance);
    }
  }
}

function implementation(host: RuntimeHost, name: string): unknown {
  const found = host.functions.get(name);
  if (typeof found !== 'function') throw new Error(`host function ${name} is declared but not implemented`);
  return found;
}

function sameLimits(a: WasmLimits, b: WasmLimits): boolean {
  return (Object.keys(a) as (keyof WasmLimits)[]).every((field) => a[field] === b[field]);
}

function rejectGas(gasLimit: number): never {
  reject('tx_cpu_usage_exceeded', `contract used up its gas of ${gasLimit}`, { gasLimit: String(gasLimit) });
}

/** V8's texts of traps by what EOSIO users know them as. */
const TRAPS: readonly (readonly [RegExp, string])[] = [
  [/unreachable/, 'unreachable'],
  [/divide by zero|remainder by zero/, 'integer divide by zero'],
  [/divide result/, 'integer overflow'],
  [/float/, 'float cannot be represented as an integer'],
  [/memory access out of bounds/, 'access violation'],
  [/table/, 'undefined table element'],
  [/signature|null function/, 'indirect call of a function of another type'],
];

function rejectTrap(error: Error, instance: ContractInstance, call: ContractCall): never {
  if (instance.depthExceeded) {
    reject('wasm_execution_error', `call depth of ${call.limits.maxCallDepth} exceeded`, { trap: 'call depth' });
  }
  if (instance.gasLeft < 0) rejectGas(call.gasLimit);
  const trap = TRAPS.find(([pattern]) => pattern.test(error.message))?.[1] ?? 'trap';
  reject('wasm_execution_error', trap, { trap });
}
