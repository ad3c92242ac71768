/** Transactions that this node has verified lately: blocks name them by their ids. Bounded; the oldest go first. */
import { bytesKey, type VerifiedTransaction } from '@snapscale/execution';

/** Some seconds at full speed: blocks follow within one or two. */
const TRANSACTIONS_MAX = 20_000;
/** They are kept before anybody has looked whether they can be executed, and one may have two megabytes. */
const BYTES_MAX = 32 << 20;

export class RecentlyVerified {
  readonly #transactions = new Map<string, VerifiedTransaction>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax = BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  add(transaction: VerifiedTransaction): void {
    this.#remove(bytesKey(transaction.id));
    this.#transactions.set(bytesKey(transaction.id), transaction);
    this.#bytes += bytesOf(transaction);
    while (this.#transactions.size > TRANSACTIONS_MAX || this.#bytes > this.#bytesMax) {
      this.#remove(this.#transactions.keys().next().value!);
    }
  }

  get(id: Uint8Array): VerifiedTransaction | undefined {
    return this.#transactions.get(bytesKey(id));
  }

  #remove(key: string): void {
    const known = this.#transactions.get(key);
    if (known === undefined) return;
    this.#transactions.delete(key);
    this.#bytes -= bytesOf(known);
  }
}

/** As it came, and unpacked where it came compressed. */
function bytesOf({ received, packed, contextFreeData }: VerifiedTransaction): number {
  const { compression, packedTransaction, packedContextFreeData, signatures } = received;
  const unpacked = compression === 0 ? 0 : packed.length + total(contextFreeData);
  return packedTransaction.length + packedContextFreeData.length + total(signatures) + unpacked;
}

function total(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
