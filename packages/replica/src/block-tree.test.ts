/** Branches over one state commitment: whichever way the tree is walked, roots are those of a commitment made from scratch. */
import { sha256, toHex } from '@snapscale/crypto';
import { isCommitted, MemoryState, StateCommitment, WorkingState } from '@snapscale/execution';
import { type BlockHeader, blockId, names } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { BlockTree, type ExecutedBlock, wayBetween } from './block-tree.js';

const bytes = (text: string) => new TextEncoder().encode(text);

function headerOn(previous: Uint8Array, slot: number): BlockHeader {
  return {
    slot,
    producer: names.eosio,
    confirmed: 0,
    previous,
    transactionMroot: new Uint8Array(32),
    actionMroot: sha256(bytes(`${slot}`)),
    scheduleVersion: 0,
    newProducers: undefined,
    headerExtensions: [],
  };
}

class Fixture {
  readonly store = new MemoryState();
  readonly buckets = new Map<string, Uint8Array>();
  readonly genesis: Uint8Array;
  readonly tree: BlockTree;
  #slot = 1;

  constructor() {
    const header = headerOn(new Uint8Array(32), 1);
    this.genesis = blockId(header);
    const entries = Array.from({ length: 40 }, (_, i) => [`k${i}`, bytes(`old ${i}`)] as const);
    this.store.apply(new Map(entries));
    const commitment = new StateCommitment({ get: (path) => this.buckets.get(path), scan: () => this.buckets });
    const { bucketWrites, token } = commitment.update(entries);
    this.keep(bucketWrites);
    commitment.forget(token);
    this.tree = new BlockTree(this.store, { num: 1, id: this.genesis, header }, commitment);
  }

  /** A block that writes some entries; its root is compared with that of its whole state. */
  block(previous: Uint8Array, ...keys: string[]): ExecutedBlock {
    const { point, state: base } = this.tree.place(previous)!;
    const header = headerOn(previous, ++this.#slot);
    const id = blockId(header);
    const state = new WorkingState(base);
    for (const key of keys) {
      if (key.startsWith('-')) state.remove(key.slice(1));
      else state.put(key, bytes(`${key} of ${toHex(id)}`));
    }
    const pending = this.tree.rootOn(previous);
    const root = pending.rootOf(state.changes());
    expect(toHex(root!)).toBe(toHex(this.rootOf(state)));
    return this.tree.insert(
      { point: { num: point.num + 1, id, header }, transactions: [], traces: [], state, closingKeys: [] },
      pending,
    );
  }

  rootOf(state: Pick<WorkingState, 'first'>): Uint8Array {
    const fresh = new StateCommitment({ get: () => undefined, scan: () => [] });
    const entries: [string, Uint8Array][] = [];
    for (
      let entry = state.first('', '\u0100');
      entry !== undefined;
      entry = state.first(`${entry.key}\u0000`, '\u0100')
    ) {
      if (isCommitted(entry.key)) entries.push([entry.key, entry.value]);
    }
    return fresh.update(entries).root;
  }

  /** What a host does for a `commit` effect, and its answer. */
  commit(id: Uint8Array): void {
    for (const [{ changes }, buckets] of this.tree.finalize(id)) {
      this.store.apply(changes);
      this.keep(buckets);
    }
    this.tree.commit(this.tree.executed(id)!.point.num);
  }

  keep(writes: ReadonlyMap<string, Uint8Array | null>): void {
    for (const [path, leaves] of writes) {
      if (leaves === null) this.buckets.delete(path);
      else this.buckets.set(path, leaves.slice());
    }
  }
}

describe('a tree of blocks', () => {
  it('gives each block the root of its own branch, in whatever order branches grow', () => {
    const fixture = new Fixture();
    const a = fixture.block(fixture.genesis, 'k1', 'knew');
    const b = fixture.block(fixture.genesis, '-k1', 'k2');
    const a2 = fixture.block(a.point.id, '-knew', 'k3');
    const b2 = fixture.block(b.point.id, 'k1', '-k4');
    const b3 = fixture.block(b2.point.id, 'k5');
    fixture.block(a2.point.id, 'k5', 'k6');
    fixture.block(b3.point.id, '-k6');
    expect(wayBetween(a2, b3)).toEqual({ left: [a2, a], entered: [b, b2, b3] });
    expect(wayBetween(undefined, a)).toEqual({ left: [], entered: [a] });
  });

  it('takes back a block that turned out wrong', () => {
    const fixture = new Fixture();
    const a = fixture.block(fixture.genesis, 'k1');
    const pending = fixture.tree.rootOn(a.point.id);
    pending.rootOf(new Map([['k2', bytes('wrong')]]));
    fixture.tree.discard(pending);
    fixture.block(a.point.id, 'k3');
    fixture.block(fixture.genesis, 'k3');
  });

  it('is based on the store again as blocks become final, from another branch too', () => {
    const fixture = new Fixture();
    const a = fixture.block(fixture.genesis, 'k1', '-k2');
    const a2 = fixture.block(a.point.id, 'k2');
    const b = fixture.block(fixture.genesis, '-k1');
    // The commitment stands on b when a becomes final.
    fixture.commit(a.point.id);
    fixture.tree.forget([b.point.id]);
    expect(fixture.tree.committed.id).toEqual(a.point.id);
    expect(fixture.tree.size).toEqual({ bodies: 0, executed: 1 });
    const a3 = fixture.block(a2.point.id, '-k7');
    fixture.block(a.point.id, 'k9');
    fixture.commit(a3.point.id);
    fixture.block(a3.point.id, 'k7');
    expect(fixture.tree.place(a.point.id)).toBeUndefined();
    expect(fixture.tree.commit(2)).toBeUndefined();
  });

  it('offers no place beside a final block that waits for the store', () => {
    const fixture = new Fixture();
    const a = fixture.block(fixture.genesis, 'k1');
    const b = fixture.block(fixture.genesis, 'k2');
    expect(fixture.tree.finalize(a.point.id)).toHaveLength(1);
    expect(fixture.tree.isCommitted).toBe(false);
    expect(fixture.tree.place(fixture.genesis)).toBeUndefined();
    expect(fixture.tree.place(b.point.id)).toBeUndefined();
    expect(fixture.tree.place(a.point.id)).toBe(a);
    expect(fixture.tree.finalize(a.point.id)).toEqual([]);
    // A peer has sent it once more, and consensus has no use for it.
    expect(fixture.tree.forget([a.point.id, b.point.id])).toEqual([b.point.id]);
    expect(fixture.tree.place(a.point.id)).toBe(a);
  });
});
