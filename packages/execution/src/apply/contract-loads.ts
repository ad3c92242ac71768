/**
 * What a transaction pays for calling many different contracts. Caches hold the instances of contracts in use, but no
 * node can hold those of all contracts, and making one takes many times what a small action costs. The price must not
 * depend on what a node happens to have in its cache, so it follows a small cache of the transaction's own.
 */
import { bytesKey } from '../state/keys.js';
import type { StateKey } from '../state/reader.js';
import { nativeGas } from './gas.js';

/** Different contracts that a transaction may call at no further price. */
const FREE_LOADS = 8;
/** Contracts called last that stay loaded; every node keeps at least as many. */
const KEPT_MAX = 32;

export class ContractLoads {
  readonly #kept = new Set<StateKey>();
  #loads = 0;

  /** Gas for the next run of this code, besides the run itself. `sizeOf` is asked only when the size matters. */
  gasOf(codeHash: Uint8Array, sizeOf: () => number): number {
    const key = bytesKey(codeHash);
    if (this.#kept.delete(key)) {
      this.#kept.add(key);
      return 0;
    }
    this.#kept.add(key);
    if (this.#kept.size > KEPT_MAX) this.#kept.delete(this.#kept.values().next().value!);
    if (++this.#loads <= FREE_LOADS) return 0;
    return nativeGas.contractLoad + nativeGas.loadedByte * sizeOf();
  }
}
