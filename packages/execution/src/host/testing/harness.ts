/** Runs host functions against a fake context and a plain WebAssembly memory, as a contract would call them. */
import type { RecoverPort } from '@snapscale/crypto';
import { Reject, type RejectionCode } from '@snapscale/protocol';
import type { ContractMemory } from '../../wasm/engine.js';
import { HostEnvironment } from '../environment.js';
import { FakeContext } from './fake-context.js';

type MemoryClass = new (limits: { initial: number }) => ContractMemory;

const PAGE_BYTES = 65_536;
/** Memory that tests may use for what they pass: addresses below are left alone. */
const FIRST_ADDRESS = 1024;

export class Harness {
  readonly env: HostEnvironment;
  readonly memory: ContractMemory;
  context: FakeContext;
  #nextAddress = FIRST_ADDRESS;

  constructor(context = new FakeContext(), recover?: RecoverPort) {
    const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: MemoryClass } }).WebAssembly;
    this.env = new HostEnvironment(recover);
    this.memory = new Memory({ initial: 1 });
    this.context = context;
    this.env.context = context;
    this.env.activate(this.memory);
  }

  /** Size of the memory in bytes. */
  get size(): number {
    return this.memory.buffer.byteLength;
  }

  /** Begins another action on the same state. */
  beginAction(context: FakeContext): void {
    context.state = this.context.state;
    this.context = context;
    this.env.context = context;
  }

  /** Calls a host function with WASM values. */
  call(name: string, ...args: (number | bigint)[]): number | bigint | undefined {
    const found = this.env.functions.get(name);
    if (found === undefined) throw new Error(`no host function ${name}`);
    return (found as (...values: (number | bigint)[]) => number | bigint | undefined)(...args);
  }

  /** Calls a host function that must reject; returns `code: message`. */
  refusal(name: string, ...args: (number | bigint)[]): string {
    try {
      this.call(name, ...args);
    } catch (error) {
      if (error instanceof Reject) return `${error.rejection.code}: ${error.rejection.message}`;
      throw error;
    }
    throw new Error(`${name} did not reject`);
  }

  /** The code alone of a rejection. */
  code(name: string, ...args: (number | bigint)[]): RejectionCode {
    return this.refusal(name, ...args).split(':')[0] as RejectionCode;
  }

  /** Gas charged by a call on top of its base price. */
  gasOf(name: string, ...args: (number | bigint)[]): number {
    this.env.resetGas(Number.POSITIVE_INFINITY);
    this.call(name, ...args);
    return this.env.takeGas();
  }

  /** Puts bytes, or text, or integers, at a fresh 16-aligned address. */
  put(value: Uint8Array | string): number {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    const address = this.alloc(bytes.length + 1);
    this.bytes.set(bytes, address);
    return address;
  }

  /** A fresh zeroed range. */
  alloc(size: number): number {
    const address = this.#nextAddress;
    this.#nextAddress += Math.ceil((size + 1) / 16) * 16;
    if (this.#nextAddress > PAGE_BYTES) throw new Error('the test uses more than a page');
    this.bytes.fill(0, address, address + size);
    return address;
  }

  read(address: number, size: number): Uint8Array {
    return this.bytes.slice(address, address + size);
  }

  u64(address: number): bigint {
    return new DataView(this.memory.buffer).getBigUint64(address, true);
  }

  u128(address: number): bigint {
    return (this.u64(address + 8) << 64n) | this.u64(address);
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.memory.buffer);
  }
}
