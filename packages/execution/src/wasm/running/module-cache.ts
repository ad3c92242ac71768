import type { PreparedModule } from '../prepare.js';
import type { ContractInstance } from './contract-instance.js';

/** A prepared contract with the instance that waits for its next action, if there is one. */
export type CachedContract = {
  readonly prepared: PreparedModule;
  idle: ContractInstance | undefined;
  /** When it was last asked for, in numbers of requests. */
  lastUse: number;
};

/** Bounds of a {@link ModuleCache}. */
export type CacheBounds = {
  /** Bytes of all rewritten modules together; V8's compiled code takes several times that. */
  readonly moduleBytesMax: number;
  /** Instances kept: V8 reserves 10 GB of address space for the memory of each. */
  readonly instancesMax: number;
  /** Pages of 64 KiB of all instances kept together. */
  readonly pagesMax: number;
};

const defaultCacheBounds: CacheBounds = { moduleBytesMax: 64 * 1024 * 1024, instancesMax: 400, pagesMax: 4096 };

/**
 * Prepared contracts by code hash, and one idle instance of each; beyond the bounds the least recently used go first.
 * Looking up costs well below a microsecond; evicting, which only follows a compilation or instantiation, is linear.
 */
export class ModuleCache {
  readonly #bounds: CacheBounds;
  readonly #contracts = new Map<string, CachedContract>();
  #bytes = 0;
  #idleCount = 0;
  #idlePages = 0;
  #uses = 0;

  constructor(bounds: CacheBounds = defaultCacheBounds) {
    this.#bounds = bounds;
  }

  get moduleCount(): number {
    return this.#contracts.size;
  }

  get idleCount(): number {
    return this.#idleCount;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(codeHash: Uint8Array): CachedContract | undefined {
    const contract = this.#contracts.get(hashKey(codeHash));
    if (contract !== undefined) contract.lastUse = ++this.#uses;
    return contract;
  }

  add(codeHash: Uint8Array, prepared: PreparedModule): CachedContract {
    const contract: CachedContract = { prepared, idle: undefined, lastUse: ++this.#uses };
    this.#contracts.set(hashKey(codeHash), contract);
    this.#bytes += prepared.bytes.length;
    while (this.#bytes > this.#bounds.moduleBytesMax && this.#contracts.size > 1) this.#evictModule();
    return contract;
  }

  /** Takes the idle instance of a contract out. */
  take(contract: CachedContract): ContractInstance | undefined {
    const { idle } = contract;
    if (idle !== undefined) {
      contract.idle = undefined;
      this.#idleCount--;
      this.#idlePages -= contract.prepared.initialPages;
    }
    return idle;
  }

  /** Keeps an instance for the contract's next action. */
  keep(contract: CachedContract, instance: ContractInstance): void {
    this.take(contract);
    contract.idle = instance;
    this.#idleCount++;
    this.#idlePages += contract.prepared.initialPages;
    while (this.#idleCount > this.#bounds.instancesMax || this.#idlePages > this.#bounds.pagesMax)
      this.#evictInstance();
  }

  clear(): void {
    this.#contracts.clear();
    this.#bytes = 0;
    this.#idleCount = 0;
    this.#idlePages = 0;
  }

  #evictModule(): void {
    const [key, contract] = oldest(this.#contracts, () => true);
    this.#contracts.delete(key);
    this.#bytes -= contract.prepared.bytes.length;
    this.take(contract);
  }

  #evictInstance(): void {
    const [, contract] = oldest(this.#contracts, ({ idle }) => idle !== undefined);
    this.take(contract);
  }
}

/** 32 bytes as a string of 32 characters. */
function hashKey(codeHash: Uint8Array): string {
  return String.fromCharCode.apply(undefined, codeHash as unknown as number[]);
}

function oldest(
  contracts: ReadonlyMap<string, CachedContract>,
  eligible: (contract: CachedContract) => boolean,
): readonly [string, CachedContract] {
  let found: readonly [string, CachedContract] | undefined;
  for (const entry of contracts) {
    if (eligible(entry[1]) && (found === undefined || entry[1].lastUse < found[1].lastUse)) found = entry;
  }
  return found!;
}
