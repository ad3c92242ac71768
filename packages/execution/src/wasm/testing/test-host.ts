/** A host and a runtime around it, for tests. */
import { Reject, type RejectionCode, reject } from '@snapscale/protocol';
import type { ContractMemory } from '../engine.js';
import { ContractExit, type RuntimeHost } from '../host-port.js';
import { defaultWasmLimits, type WasmLimits } from '../limits.js';
import { type ContractCall, ContractRuntime } from '../runtime.js';
import type { ImportTable } from '../validate.js';

/** Gas of every host function of {@link TestHost}. */
export const TEST_HOST_GAS = 100;

/** What the tests' contracts can import. */
export const testImports: ImportTable = new Map([
  ['note', { params: ['i64'], gas: TEST_HOST_GAS }],
  ['note32', { params: ['i32'], gas: TEST_HOST_GAS }],
  ['note_f64', { params: ['f64'], gas: TEST_HOST_GAS }],
  ['double', { params: ['i64'], result: 'i64', gas: TEST_HOST_GAS }],
  ['burn', { params: ['i32'], gas: TEST_HOST_GAS }],
  ['exit', { params: [], gas: TEST_HOST_GAS }],
  ['fail', { params: [], gas: TEST_HOST_GAS }],
  ['poke', { params: ['i32', 'i32'], gas: TEST_HOST_GAS }],
  ['stack', { params: [], gas: TEST_HOST_GAS }],
]);

export class TestHost implements RuntimeHost {
  memory: ContractMemory | undefined;
  activations = 0;
  #gas = 0;
  #gasMax = 0;
  /** What the contract noted since the last `clear`. */
  readonly notes: (bigint | number)[] = [];

  readonly functions: ReadonlyMap<string, (...values: never[]) => unknown> = new Map<
    string,
    (...values: never[]) => unknown
  >([
    ['note', (value: bigint) => void this.notes.push(BigInt.asUintN(64, value))],
    ['poke32', () => undefined],
    ['note32', (value: number) => void this.notes.push(value)],
    ['note_f64', (value: number) => void this.notes.push(value)],
    ['double', (value: bigint) => value * 2n],
    ['burn', (gas: number) => this.#burn(gas)],
    ['exit', () => this.#exit()],
    ['fail', () => reject('eosio_assert_message_exception', 'assertion failure with message: as asked')],
    ['poke', (address: number, value: number) => this.#poke(address, value)],
    ['stack', () => exhaust(0)],
  ]);

  activate(memory: ContractMemory): void {
    this.memory = memory;
    this.activations++;
  }

  takeGas(): number {
    return this.#gas;
  }

  resetGas(limit: number): void {
    this.#gas = 0;
    this.#gasMax = limit;
  }

  #burn(gas: number): void {
    this.#gas += gas;
    if (this.#gas > this.#gasMax) reject('tx_cpu_usage_exceeded', 'host gas used up');
  }

  #exit(): never {
    throw new ContractExit();
  }

  #poke(address: number, value: number): void {
    new Uint8Array(this.memory!.buffer)[address] = value;
  }
}

function exhaust(depth: number): number {
  return exhaust(depth + 1) + 1;
}

/** What became of an action. */
export type Outcome =
  | { readonly kind: 'done'; readonly gas: number }
  | { readonly kind: 'rejected'; readonly code: RejectionCode; readonly message: string };

/** Runs contracts by their bytes. */
export class Bench {
  readonly host = new TestHost();
  readonly runtime: ContractRuntime;
  readonly #hashes = new Map<Uint8Array, Uint8Array>();

  constructor(imports: ImportTable = testImports) {
    this.runtime = new ContractRuntime(this.host, imports);
  }

  /** Applies; throws what the runtime throws. */
  apply(code: Uint8Array, call: Partial<ContractCall> = {}): number {
    this.host.notes.length = 0;
    return this.runtime.apply(this.hashOf(code), () => code, {
      receiver: 1n,
      account: 2n,
      action: 3n,
      gasLimit: 10_000_000,
      limits: defaultWasmLimits,
      ...call,
    });
  }

  /** Applies and catches rejections. */
  outcome(code: Uint8Array, call: Partial<ContractCall> = {}): Outcome {
    return outcomeOf(() => this.apply(code, call));
  }

  /** The memory after the last action. */
  memory(): Uint8Array {
    return new Uint8Array(this.host.memory!.buffer);
  }

  /** Stands in for the code's hash: tests do not change code in place. */
  hashOf(code: Uint8Array): Uint8Array {
    let hash = this.#hashes.get(code);
    if (hash === undefined) {
      hash = new Uint8Array(32);
      new DataView(hash.buffer).setUint32(0, this.#hashes.size);
      this.#hashes.set(code, hash);
    }
    return hash;
  }
}

function outcomeOf(apply: () => number): Outcome {
  try {
    return { kind: 'done', gas: apply() };
  } catch (error) {
    if (!(error instanceof Reject)) throw error;
    const { code, message } = error.rejection;
    return { kind: 'rejected', code, message };
  }
}

/** The message of the Reject that `action` throws, '' if it throws nothing. */
export function rejectionOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Reject) return `${error.rejection.code}: ${error.rejection.message}`;
    throw error;
  }
  return '';
}

/** Default limits with some changed. */
export function limitsWith(changes: Partial<WasmLimits>): WasmLimits {
  return { ...defaultWasmLimits, ...changes };
}
