import { reject } from '@snapscale/protocol';
import { type ContractMemory, type ImportObject, type ModuleInstance, webAssembly } from '../engine.js';
import { GROW_GAS, GROWN_PAGE_GAS, PARTS_PER_GAS } from '../gas.js';
import { NodeFault, type RuntimeHost } from '../host-port.js';
import { PAGE_BYTES } from '../limits.js';
import type { PreparedModule } from '../prepare.js';
import { added } from '../rewrite.js';

type Run = (parts: number, receiver: bigint, account: bigint, action: bigint) => number;

/** An instance of a contract, used for one action at a time and made as new before each. */
export class ContractInstance {
  readonly memory: ContractMemory;
  readonly #prepared: PreparedModule;
  readonly #host: RuntimeHost;
  readonly #run: Run;
  readonly #parts: () => number;
  readonly #depth: () => number;
  readonly #bytes: Uint8Array;
  #gasMax = 0;
  #growGas = 0;
  #grown = false;
  #fresh = true;

  /** `functions`: the host functions as an import object. Throws NodeFault when no memory can be had. */
  constructor(prepared: PreparedModule, host: RuntimeHost, functions: Readonly<Record<string, unknown>>) {
    this.#prepared = prepared;
    this.#host = host;
    const imports = { env: functions, [added.module]: { [added.grow]: (pages: number) => this.#grow(pages >>> 0) } };
    const { exports } = instantiate(prepared, imports);
    this.memory = exports[added.memory] as ContractMemory;
    this.#run = exports[added.run] as Run;
    this.#parts = exports[added.gas] as () => number;
    this.#depth = exports[added.depth] as () => number;
    this.#bytes = new Uint8Array(this.memory.buffer);
  }

  /** Gas that growing the memory cost in the last run. */
  get growGas(): number {
    return this.#growGas;
  }

  /** Whether it can serve another action: memory that has grown cannot shrink. */
  get reusable(): boolean {
    return !this.#grown;
  }

  /** Whether the last run ended because the call depth was exceeded. */
  get depthExceeded(): boolean {
    return this.#depth() === -1;
  }

  /** Gas left of the last run's, negative when it was used up. */
  get gasLeft(): number {
    return Math.floor(this.#parts() / PARTS_PER_GAS);
  }

  /** Restores memory and globals, runs `start` and `apply` with so much gas and returns the gas left. Throws what they throw. */
  run(gas: number, receiver: bigint, account: bigint, action: bigint): number {
    this.#gasMax = gas;
    this.#growGas = 0;
    this.#restoreMemory();
    return Math.floor(this.#run(gas * PARTS_PER_GAS, receiver, account, action) / PARTS_PER_GAS);
  }

  #restoreMemory(): void {
    const { image, imageOffset } = this.#prepared;
    const end = imageOffset + image.length;
    if (!this.#fresh) {
      this.#bytes.fill(0, 0, imageOffset);
      this.#bytes.fill(0, end);
    }
    this.#fresh = false;
    this.#bytes.set(image, imageOffset);
  }

  /**
   * memory.grow: pages before, or -1 beyond the limit. Stands in for V8's own, whose -1 could also mean that this machine
   * has no memory left.
   */
  #grow(pages: number): number {
    const before = this.memory.buffer.byteLength / PAGE_BYTES;
    if (pages > this.#prepared.maxPages - before) return -1;
    if (pages === 0) return before;
    this.#growGas += GROW_GAS + pages * GROWN_PAGE_GAS;
    if (this.#growGas > this.#gasMax) reject('tx_cpu_usage_exceeded', 'gas used up while growing memory');
    this.#grown = true;
    try {
      this.memory.grow(pages);
    } catch (error) {
      throw new NodeFault(`cannot grow a contract's memory by ${pages} pages`, error);
    }
    this.#host.activate(this.memory);
    return before;
  }
}

function instantiate(prepared: PreparedModule, imports: ImportObject): ModuleInstance {
  try {
    return new webAssembly.Instance(prepared.module, imports);
  } catch (error) {
    if (error instanceof RangeError) throw new NodeFault('cannot make an instance of a contract', error);
    throw error;
  }
}
