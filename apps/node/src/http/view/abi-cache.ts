/** Compiled ABIs, kept as long as the account's bytes are the same. */
import { getAbiBytes, type StateReader } from '@snapscale/execution';
import { type CompiledAbi, compileAbi, DecodeError, decodeAbi, type Name, Reject } from '@snapscale/protocol';

type Entry = { readonly bytes: Uint8Array; readonly compiled: CompiledAbi | undefined };

/** Most accounts, and bytes of packed ABIs, that are kept. */
const ENTRIES_MAX = 1024;
const BYTES_MAX = 32 * 1024 * 1024;

/**
 * Keyed by account and the identity of the ABI's bytes: the answer for a state is always that state's ABI, also where
 * two branches or the final and the newest state differ. The least recently used go first.
 */
export class AbiCache {
  readonly #entries = new Map<Name, Entry>();
  #bytes = 0;

  /** The account's ABI; undefined when it has none or it cannot be compiled. Cost: one lookup and a comparison. */
  get(state: StateReader, account: Name): CompiledAbi | undefined {
    const bytes = getAbiBytes(state, account);
    if (bytes === undefined) return undefined;
    const known = this.#entries.get(account);
    if (known !== undefined && (known.bytes === bytes || sameBytes(known.bytes, bytes))) {
      this.#entries.delete(account);
      this.#entries.set(account, known);
      return known.compiled;
    }
    return this.#add(account, bytes);
  }

  #add(account: Name, bytes: Uint8Array): CompiledAbi | undefined {
    const previous = this.#entries.get(account);
    if (previous !== undefined) this.#remove(account, previous);
    // A copy, since what a store gives may be a view of a page that it writes again.
    const entry = { bytes: bytes.slice(), compiled: compile(bytes) };
    this.#entries.set(account, entry);
    this.#bytes += bytes.length;
    for (const [oldest, old] of this.#entries) {
      if (this.#entries.size <= ENTRIES_MAX && this.#bytes <= BYTES_MAX) break;
      this.#remove(oldest, old);
    }
    return entry.compiled;
  }

  #remove(account: Name, entry: Entry): void {
    this.#entries.delete(account);
    this.#bytes -= entry.bytes.length;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function compile(bytes: Uint8Array): CompiledAbi | undefined {
  try {
    return compileAbi(decodeAbi(bytes));
  } catch (error) {
    if (error instanceof DecodeError || error instanceof Reject) return undefined;
    throw error;
  }
}
