/**
 * What host functions stand on: the running contract's memory, the action's context, the gas meter, the iterators.
 *
 * One environment serves one contract runtime. Exactly one contract runs at a time: inline actions start after the
 * action that sent them has ended. Pointers and lengths come from untrusted code, so every access goes through the checks
 * here; the results are views that stay valid until the contract runs again.
 */
import { portableRecover, type RecoverPort } from '@snapscale/crypto';
import { DecodeError, decodeUtf8, formatName, type Name, Reader, reject, type Schema } from '@snapscale/protocol';
import type { ActionContext } from '../apply/types.js';
import type { ContractMemory } from '../wasm/engine.js';
import type { RuntimeHost } from '../wasm/host-port.js';
import { ContractDatabase } from './database/contract-database.js';
import type { HostFunction } from './declaration.js';
import { type AnyFunction, guarded } from './guarded.js';
import { hostFunctions } from './table.js';

/** Longest text that a NUL-terminated string argument is searched for in one step. */
const SCAN_BYTES = 64;

export class HostEnvironment implements RuntimeHost {
  /** Recovery of signers, native where the host has it. */
  readonly recover: RecoverPort;
  /** The functions to link, by name, bound to this environment. */
  readonly functions: ReadonlyMap<string, AnyFunction>;
  /** Tables of the running action, with its iterators. */
  readonly database: ContractDatabase;
  #context: ActionContext | undefined;
  #contextFree = false;
  #memory: ContractMemory | undefined;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #gasUsed = 0;
  #gasLimit = Number.POSITIVE_INFINITY;

  constructor(recover: RecoverPort = portableRecover) {
    this.recover = recover;
    this.database = new ContractDatabase((gas) => this.chargeGas(gas));
    this.functions = new Map(hostFunctions.map((one) => [one.name, this.#bind(one)]));
  }

  /** The action being executed. */
  get context(): ActionContext {
    return this.#context!;
  }

  /**
   * Begins an action. The receiver of an action and the accounts it notifies share a context object, and with it, as on
   * Antelope, one numbering of iterators; a new object begins a new one.
   */
  set context(context: ActionContext) {
    if (context !== this.#context) this.database.begin(context);
    else this.database.nextTurn();
    this.#context = context;
    this.#contextFree = context.contextFree;
  }

  /** Points the environment at the memory of the contract that is about to run. */
  activate(memory: ContractMemory): void {
    this.#memory = memory;
    this.#refresh();
  }

  /** Begins metering: calls may use up to `limit` gas together. */
  resetGas(limit: number): void {
    this.#gasUsed = 0;
    this.#gasLimit = limit;
  }

  /** Gas charged since the meter was reset, base prices not included. */
  takeGas(): number {
    return this.#gasUsed;
  }

  /** Charges a whole number of gas beyond the base price of the call, before the work is done. */
  chargeGas(gas: number): void {
    this.#gasUsed += gas;
    if (this.#gasUsed > this.#gasLimit) {
      reject('tx_cpu_usage_exceeded', `host functions used ${this.#gasUsed} gas of ${this.#gasLimit} that were left`);
    }
  }

  /** The whole memory. Growth replaces the buffer, which leaves the old view with length 0. */
  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#bytes;
  }

  get view(): DataView {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#view;
  }

  /** Checks that `size` bytes lie at the non-null `pointer`; gives the offset. For parameters that must be a reference. */
  reference(pointer: number, size: number): number {
    if (pointer === 0) reject('wasm_execution_error', 'references cannot be created for null pointers');
    const offset = pointer >>> 0;
    this.checkRange(offset, size);
    return offset;
  }

  /** Rejects a range that is not all in memory; both numbers are unsigned. */
  checkRange(offset: number, size: number): void {
    if (offset + size > this.bytes.length) {
      reject('wasm_execution_error', `access violation: ${size} bytes at ${offset} are outside of memory`);
    }
  }

  /** View of a span argument. An empty span may lie anywhere up to the end of memory. */
  span(pointer: number, length: number): Uint8Array {
    const offset = pointer >>> 0;
    const size = length >>> 0;
    this.checkRange(offset, size);
    return this.#bytes.subarray(offset, offset + size);
  }

  /** A copy of a span argument, for what outlives the call. */
  copy(pointer: number, length: number): Uint8Array {
    return this.span(pointer, length).slice();
  }

  /** Text of a NUL-terminated string argument, and where it ends. At most `bytesMax` bytes are decoded. */
  cString(pointer: number, bytesMax: number): string {
    const offset = pointer >>> 0;
    return decodeUtf8(this.bytes, offset, Math.min(this.cStringEnd(pointer), offset + bytesMax));
  }

  /** Offset of the NUL that ends a string argument. Charges for the search. */
  cStringEnd(pointer: number): number {
    const offset = pointer >>> 0;
    const { bytes } = this;
    let at = offset;
    const near = Math.min(offset + SCAN_BYTES, bytes.length);
    while (at < near && bytes[at] !== 0) at++;
    if (at >= near) {
      if (at >= bytes.length) this.#refuseUnterminated(offset);
      at = bytes.indexOf(0, at);
      if (at < 0) this.#refuseUnterminated(offset);
      this.chargeGas(at - near);
    }
    return at;
  }

  /** Rejects spans of the newer functions that share a byte. Arguments: pointer, length, pointer, length, … */
  requireDistinct(...spans: number[]): void {
    for (let i = 0; i < spans.length; i += 2) {
      for (let k = i + 2; k < spans.length; k += 2) {
        const [a, b] = [spans[i]! >>> 0, spans[k]! >>> 0];
        const begin = Math.max(a, b);
        const end = Math.min(a + (spans[i + 1]! >>> 0), b + (spans[k + 1]! >>> 0));
        if (begin < end) reject('wasm_exception', 'pointers not allowed to alias');
      }
    }
  }

  /** Writes a u64 at an offset from {@link reference}. */
  writeU64(offset: number, value: bigint): void {
    this.view.setBigUint64(offset, value, true);
  }

  /** Writes 128 bits at an offset from {@link reference}. */
  writeU128(offset: number, value: bigint): void {
    const { view } = this;
    view.setBigUint64(offset, value, true);
    view.setBigUint64(offset + 8, value >> 64n, true);
  }

  /** Reads 128 unsigned bits at an offset from {@link reference}. */
  readU128(offset: number): bigint {
    const { view } = this;
    return (view.getBigUint64(offset + 8, true) << 64n) | view.getBigUint64(offset, true);
  }

  /** Rejects in read-only transactions. */
  requireWritable(what: string): void {
    if (this.context.transaction.readOnly) {
      reject('wasm_execution_error', `${what} not allowed in a readonly transaction`);
    }
  }

  /** Decodes a value from the start of bytes of the contract; bytes left over are ignored, as Antelope does. */
  decode<T>(schema: Schema<T>, bytes: Uint8Array, what: string): T {
    return this.decodeWith(bytes, what, (reader) => schema.read(reader));
  }

  /** Runs a reader over bytes of the contract and rejects malformed ones. */
  decodeWith<T>(bytes: Uint8Array, what: string, read: (reader: Reader) => T): T {
    try {
      return read(new Reader(bytes));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return reject('out_of_range_exception', `cannot read ${what}: ${error.message}`);
    }
  }

  #refuseUnterminated(offset: number): never {
    return reject('wasm_execution_error', `access violation: the string at ${offset} does not end within memory`);
  }

  #refresh(): void {
    this.#bytes = new Uint8Array(this.#memory!.buffer);
    this.#view = new DataView(this.#memory!.buffer);
  }

  /** Puts the check of availability in front of a function that needs one. */
  #bind(one: HostFunction): AnyFunction {
    const inner = one.make(this) as AnyFunction;
    if (one.privileged) return guarded(inner, one.params.length, () => this.#requirePrivileged());
    if (one.contextFree === 'only') return guarded(inner, one.params.length, () => this.#requireContextFree());
    if (one.contextFree) return inner;
    return guarded(inner, one.params.length, () => this.#requireContext());
  }

  #requireContext(): void {
    if (this.#contextFree) reject('unaccessible_api', "only context free api's can be used in this context");
  }

  #requireContextFree(): void {
    if (!this.#contextFree) reject('unaccessible_api', 'this API may only be called from context_free apply');
  }

  #requirePrivileged(): void {
    this.#requireContext();
    if (this.context.privileged) return;
    reject('unaccessible_api', `${formatName(this.context.receiver)} does not have permission to call this API`);
  }
}

/** An i64 argument as a name. */
export function asName(value: bigint): Name {
  return BigInt.asUintN(64, value) as Name;
}
