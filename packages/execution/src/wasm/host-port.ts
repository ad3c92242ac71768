import type { ContractMemory } from './engine.js';

/**
 * What the engine needs from the host functions. Length-dependent gas is summed by the host itself: `resetGas` sets the
 * sum to 0 and its limit, host functions add to it and reject with `tx_cpu_usage_exceeded` beyond the limit, and `takeGas`
 * returns the sum.
 */
export interface RuntimeHost {
  /** By name; each takes and returns what its WASM type says, i64 as BigInt. */
  readonly functions: ReadonlyMap<string, unknown>;
  /** The memory that host functions work on from now on; called again whenever it has grown. */
  activate(memory: ContractMemory): void;
  takeGas(): number;
  resetGas(limit: number): void;
}

/** Thrown by the host function `eosio_exit`: ends the action successfully. */
export class ContractExit extends Error {
  override readonly name = 'ContractExit';
}

/**
 * This machine cannot go on: native stack or memory is exhausted. Never the result of a transaction: whether it happens
 * depends on the machine, so the node must stop instead.
 */
export class NodeFault extends Error {
  override readonly name = 'NodeFault';

  constructor(what: string, cause: unknown) {
    super(what, { cause });
  }
}
