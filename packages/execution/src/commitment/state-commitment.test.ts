import { sha256 } from '@snapscale/crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitAt, encodePath } from './bucket-path.js';
import { CommitmentFault } from './commitment-fault.js';
import { type BucketStore, StateCommitment } from './state-commitment.js';
import { verifyStateProof } from './state-proof.js';

type Entries = ReadonlyMap<string, Uint8Array>;
type Change = readonly [string, Uint8Array | null];

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const key = (i: number) => `k${String.fromCharCode(i >> 8, i & 255)}`;
const value = (i: number) => latin1(`value ${i}`);

/** The definition, taken literally: nothing shared with the implementation but the paths' encoding. */
function model(entries: Entries): { root: string; buckets: Map<string, string> } {
  const leaves = [...entries].map(([k, v]) => Buffer.concat([sha256(latin1(k)), sha256(v)]));
  leaves.sort(Buffer.compare);
  const buckets = new Map<string, string>();
  const hashOf = (part: Buffer[], depth: number, below: Buffer): Uint8Array => {
    if (part.length <= 16) {
      if (part.length === 0) return new Uint8Array(32);
      const bytes = Buffer.concat(part);
      buckets.set(encodePath(below, 0, depth), bytes.toString('hex'));
      return sha256(Buffer.concat([Buffer.of(0), bytes]));
    }
    const sides = [0, 1].map((side) => {
      const inside = part.filter((leaf) => bitAt(leaf, 0, depth) === side);
      return hashOf(inside, depth + 1, inside[0] ?? below);
    });
    return sha256(Buffer.concat([Buffer.of(1), ...sides]));
  };
  return { root: hex(hashOf(leaves, 0, Buffer.alloc(32))), buckets };
}

/** A store that a test brings up to date when it likes. */
class MemoryStore implements BucketStore {
  readonly buckets = new Map<string, Uint8Array>();

  get(path: string): Uint8Array | undefined {
    return this.buckets.get(path);
  }

  scan(): Iterable<readonly [string, Uint8Array]> {
    return [...this.buckets].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  write(writes: ReadonlyMap<string, Uint8Array | null>): void {
    for (const [path, leaves] of writes) {
      if (leaves === null) this.buckets.delete(path);
      else this.buckets.set(path, leaves.slice());
    }
  }

  content(): Map<string, string> {
    return new Map([...this.buckets].map(([path, leaves]) => [path, hex(leaves)]));
  }
}

function applied(entries: Entries, changes: Iterable<Change>): Map<string, Uint8Array> {
  const next = new Map(entries);
  for (const [k, v] of changes) {
    if (v === null) next.delete(k);
    else next.set(k, v);
  }
  return next;
}

function commitmentOf(entries: Entries): { commitment: StateCommitment; store: MemoryStore } {
  const store = new MemoryStore();
  const commitment = new StateCommitment(store);
  const { bucketWrites, token } = commitment.update(entries);
  store.write(bucketWrites);
  commitment.forget(token);
  return { commitment, store };
}

function numbered(from: number, to: number): Map<string, Uint8Array> {
  return new Map(Array.from({ length: to - from }, (_, i) => [key(from + i), value(from + i)]));
}

/** Few keys, so that changes meet; removals as often as sets, so that trees shrink. */
const change = fc
  .tuple(fc.nat(90), fc.option(fc.nat(3), { nil: null }))
  .map(([k, v]): Change => [key(k), v === null ? null : value(v)]);
const batch = fc.array(change, { maxLength: 60 });

describe('the root', () => {
  test('is zero for nothing, and that of one bucket for up to 16 entries', () => {
    expect(hex(new StateCommitment(new MemoryStore()).root)).toBe('00'.repeat(32));
    for (const count of [1, 2, 15, 16, 17, 18, 40]) {
      const { commitment, store } = commitmentOf(numbered(0, count));
      expect(hex(commitment.root)).toBe(model(numbered(0, count)).root);
      expect(store.buckets.has('\x80')).toBe(count <= 16);
      expect(commitment.leafCount).toBe(count);
    }
  });

  test('follows the definition through any history, and so do the stored buckets', () => {
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 8 }), (batches) => {
        const store = new MemoryStore();
        const commitment = new StateCommitment(store);
        let entries: Entries = new Map();
        for (const changes of batches) {
          entries = applied(entries, changes);
          const { root, bucketWrites, token } = commitment.update(changes);
          store.write(bucketWrites);
          commitment.forget(token);
          const expected = model(entries);
          expect(hex(root)).toBe(expected.root);
          expect(store.content()).toEqual(expected.buckets);
          expect(commitment.leafCount).toBe(entries.size);
          expect(commitment.memory.pendingBytes).toBe(0);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('follows the definition for larger trees that grow and shrink', () => {
    const { commitment, store } = commitmentOf(numbered(0, 3000));
    expect(hex(commitment.root)).toBe(model(numbered(0, 3000)).root);
    const removed = [...numbered(0, 2990).keys()].map((k): Change => [k, null]);
    for (const [part, left] of [
      [removed.slice(0, 2500), 2500],
      [removed.slice(2500), 2990],
    ] as const) {
      const { root, bucketWrites, token } = commitment.update(part);
      store.write(bucketWrites);
      commitment.forget(token);
      const expected = model(numbered(left, 3000));
      expect(hex(root)).toBe(expected.root);
      expect(store.content()).toEqual(expected.buckets);
    }
  });

  test('does not depend on order or grouping', () => {
    const entries = [...numbered(0, 400)];
    const { commitment: atOnce } = commitmentOf(new Map(entries));
    const { commitment: reversed } = commitmentOf(new Map(entries.slice().reverse()));
    const oneByOne = new StateCommitment(new MemoryStore());
    for (const entry of entries) oneByOne.update([entry]);
    expect(hex(reversed.root)).toBe(hex(atOnce.root));
    expect(hex(oneByOne.root)).toBe(hex(atOnce.root));
  });

  test('the last of several changes to one key counts', () => {
    const { commitment } = commitmentOf(numbered(0, 20));
    const { root } = commitment.update([
      [key(3), value(99)],
      [key(30), value(1)],
      [key(3), null],
      [key(30), null],
      [key(3), value(100)],
    ]);
    expect(hex(root)).toBe(model(applied(numbered(0, 20), [[key(3), value(100)]])).root);
  });

  test('changes that change nothing write nothing', () => {
    const { commitment } = commitmentOf(numbered(0, 50));
    const { root, bucketWrites } = commitment.update([
      [key(3), value(3)],
      [key(60), null],
    ]);
    expect(bucketWrites.size).toBe(0);
    expect(hex(root)).toBe(model(numbered(0, 50)).root);
    expect(commitment.update([]).bucketWrites.size).toBe(0);
  });

  test('an update writes only the buckets that changed', () => {
    const { commitment, store } = commitmentOf(numbered(0, 1000));
    const { bucketWrites } = commitment.update([[key(7), value(8)]]);
    expect(bucketWrites.size).toBe(1);
    expect(store.buckets.size).toBeGreaterThan(60);
  });
});

describe('load', () => {
  test('gives the tree that was stored', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), batch, (count, changes) => {
        const { commitment, store } = commitmentOf(numbered(0, count));
        const loaded = new StateCommitment(store);
        loaded.load();
        expect(hex(loaded.root)).toBe(hex(commitment.root));
        expect(hex(loaded.update(changes).root)).toBe(hex(commitment.update(changes).root));
      }),
      { numRuns: 50 },
    );
  });

  test('takes buckets in any order, and more than fit a chunk', () => {
    const { commitment, store } = commitmentOf(numbered(0, 60_000));
    expect(store.buckets.size).toBeGreaterThan(4096);
    const reversed = [...store.scan()].reverse();
    const loaded = new StateCommitment({ get: (path) => store.get(path), scan: () => reversed });
    loaded.load();
    expect(hex(loaded.root)).toBe(hex(commitment.root));
  });

  const { store: good } = commitmentOf(numbered(0, 100));
  const [somePath, someLeaves] = [...good.scan()][0]!;
  const otherLeaves = [...good.scan()][1]![1];
  test.each<[string, [string, Uint8Array][]]>([
    ['a path that is none', [['', someLeaves]]],
    ['a bucket that is not whole leaves', [[somePath, someLeaves.slice(1)]]],
    ['an empty bucket', [[somePath, new Uint8Array(0)]]],
    ['leaves of another path', [[somePath, otherLeaves]]],
    ['leaves out of order', [[somePath, new Uint8Array([...someLeaves.slice(64, 128), ...someLeaves.slice(0, 64)])]]],
    ['a leaf twice', [[somePath, new Uint8Array([...someLeaves.slice(0, 64), ...someLeaves.slice(0, 64)])]]],
    ['a missing bucket', [...good.scan()].slice(0, 1) as [string, Uint8Array][]],
    ['a bucket above others', [...(good.scan() as [string, Uint8Array][]), ['\x80', someLeaves]]],
    ['a bucket twice', [...(good.scan() as [string, Uint8Array][]), [somePath, someLeaves]]],
  ])('refuses %s', (_, buckets) => {
    const commitment = new StateCommitment({ get: () => undefined, scan: () => buckets });
    expect(() => commitment.load()).toThrow(CommitmentFault);
  });
});

describe('a store that is not what it should be', () => {
  test('makes an update fail and leaves the tree as it was', () => {
    const { commitment, store } = commitmentOf(numbered(0, 300));
    const before = hex(commitment.root);
    const lost = [...store.buckets.keys()].at(-1)!;
    const leaves = store.buckets.get(lost)!;
    store.buckets.delete(lost);
    const changes = [...numbered(0, 300).keys()].map((k, i): Change => [k, i % 3 === 0 ? null : value(i + 1)]);
    expect(() => commitment.update(changes)).toThrow(CommitmentFault);
    expect(hex(commitment.root)).toBe(before);
    expect(commitment.memory.pendingBytes).toBe(0);
    store.buckets.set(lost, leaves);
    expect(hex(commitment.update(changes).root)).toBe(model(applied(numbered(0, 300), changes)).root);
  });

  test('makes a proof fail', () => {
    const { commitment, store } = commitmentOf(numbered(0, 40));
    for (const [path, leaves] of store.buckets) store.buckets.set(path, leaves.slice().fill(7, 40, 50));
    expect(() => commitment.proof(key(1))).toThrow(CommitmentFault);
    store.buckets.clear();
    expect(() => commitment.proof(key(1))).toThrow(CommitmentFault);
  });
});

describe('forks', () => {
  test('updates can be taken back one or several at a time', () => {
    const { commitment } = commitmentOf(numbered(0, 100));
    const start = hex(commitment.root);
    const first = commitment.update(numbered(50, 150));
    const afterFirst = hex(commitment.root);
    const second = commitment.update([...numbered(0, 120).keys()].map((k): Change => [k, null]));
    commitment.revert(second.token);
    expect(hex(commitment.root)).toBe(afterFirst);
    const third = commitment.update(numbered(300, 600));
    expect(third.token).toBeGreaterThan(second.token);
    expect(() => commitment.revert(second.token)).toThrow(RangeError);
    commitment.revert(first.token);
    expect(hex(commitment.root)).toBe(start);
    expect(commitment.leafCount).toBe(100);
    expect(commitment.memory.pendingBytes).toBe(0);
  });

  test('what is forgotten cannot be taken back', () => {
    const { commitment } = commitmentOf(new Map());
    const { token } = commitment.update(numbered(0, 3));
    commitment.forget(token);
    expect(() => commitment.revert(token)).toThrow(RangeError);
    expect(() => commitment.revert(0)).toThrow(RangeError);
  });

  type Step = { kind: 'update'; changes: Change[] } | { kind: 'revert' | 'persist' | 'persistLate'; steps: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 3, arbitrary: batch.map((changes): Step => ({ kind: 'update', changes })) },
    { weight: 1, arbitrary: fc.nat(3).map((steps): Step => ({ kind: 'revert', steps })) },
    { weight: 1, arbitrary: fc.nat(2).map((steps): Step => ({ kind: 'persist', steps })) },
    { weight: 1, arbitrary: fc.nat(2).map((steps): Step => ({ kind: 'persistLate', steps })) },
  );

  test('any mixture of updates, forks and a lagging store gives the roots, proofs and buckets of the definition', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const store = new MemoryStore();
        const commitment = new StateCommitment(store);
        /** States from the last forgotten one up; `stored` of the updates above it are in the store already. */
        let states: { entries: Entries; token: number; writes: ReadonlyMap<string, Uint8Array | null> }[] = [
          { entries: new Map(), token: 0, writes: new Map() },
        ];
        let stored = 0;
        for (const s of steps) {
          if (s.kind === 'update') {
            const { token, bucketWrites } = commitment.update(s.changes);
            states.push({ entries: applied(states.at(-1)!.entries, s.changes), token, writes: bucketWrites });
          } else if (s.kind === 'revert') {
            const at = states.length - 1 - s.steps;
            if (at <= stored) continue;
            commitment.revert(states[at]!.token);
            states = states.slice(0, at);
          } else {
            const upTo = Math.min(states.length - 1, stored + s.steps);
            for (const state of states.slice(stored + 1, upTo + 1)) store.write(state.writes);
            stored = upTo;
            if (s.kind === 'persistLate') continue;
            commitment.forget(states[upTo]!.token);
            states = states.slice(upTo);
            stored = 0;
            expect(store.content()).toEqual(model(states[0]!.entries).buckets);
          }
          expect(hex(commitment.root)).toBe(model(states.at(-1)!.entries).root);
          expect(commitment.token).toBe(states.at(-1)!.token);
        }
        for (const [i, { entries, token }] of states.entries()) {
          const root = Buffer.from(model(entries).root, 'hex');
          for (const k of [key(0), key(1), key(40), key(2000)]) {
            if (i < stored) continue;
            expect(verifyStateProof(root, k, entries.get(k) ?? null, commitment.proof(k, token))).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test('nodes of forgotten and reverted updates are used again', () => {
    const { commitment, store } = commitmentOf(numbered(0, 2000));
    const bytes = commitment.memory.nodeBytes;
    for (let round = 0; round < 30; round++) {
      const grown = commitment.update(numbered(2000, 4000));
      if (round % 2 === 0) {
        commitment.revert(grown.token);
        continue;
      }
      const shrunk = commitment.update([...numbered(2000, 4000).keys()].map((k): Change => [k, null]));
      store.write(grown.bucketWrites);
      store.write(shrunk.bucketWrites);
      commitment.forget(shrunk.token);
    }
    expect(hex(commitment.root)).toBe(model(numbered(0, 2000)).root);
    expect(commitment.memory.nodeBytes).toBeLessThanOrEqual(2 * bytes);
  });
});

describe('proofs of earlier states', () => {
  test('stand while blocks are on top of the final one', () => {
    const { commitment } = commitmentOf(numbered(0, 500));
    const finalToken = commitment.token;
    const finalRoot = commitment.root;
    commitment.update([...numbered(0, 400).keys()].map((k): Change => [k, null]));
    const middle = commitment.update(numbered(600, 1200));
    commitment.update(new Map([[key(450), value(1)]]));
    for (const k of [0, 200, 450, 499, 700]) {
      const had = k < 500 ? value(k) : null;
      expect(verifyStateProof(finalRoot, key(k), had, commitment.proof(key(k), finalToken))).toBe(true);
    }
    expect(verifyStateProof(middle.root, key(700), value(700), commitment.proof(key(700), middle.token))).toBe(true);
    expect(verifyStateProof(commitment.root, key(450), value(1), commitment.proof(key(450)))).toBe(true);
    commitment.forget(middle.token);
    expect(() => commitment.proof(key(0), finalToken)).toThrow(RangeError);
    expect(() => commitment.proof(key(0), 99)).toThrow(RangeError);
  });
});
