import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryState } from './memory-state.js';
import { prefixEnd } from './reader.js';
import { WorkingState } from './working-state.js';

type Step =
  | { kind: 'put'; key: string; value: number }
  | { kind: 'remove'; key: string }
  | { kind: 'first' | 'last'; from: string; to: string }
  | { kind: 'mark' }
  | { kind: 'undo' };

const key = fc.integer({ min: 0, max: 23 }).map((n) => String.fromCharCode(0x40 + n));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, value: fc.nat(255) }),
  fc.record({ kind: fc.constant('remove' as const), key }),
  fc.record({ kind: fc.constantFrom('first' as const, 'last' as const), from: key, to: key }),
  fc.constant({ kind: 'mark' as const }),
  fc.constant({ kind: 'undo' as const }),
);

function model(base: Map<string, number>) {
  const saved: Map<string, number>[] = [];
  let now = new Map(base);
  return {
    put: (k: string, v: number) => now.set(k, v),
    remove: (k: string) => now.delete(k),
    mark: () => saved.push(new Map(now)),
    undo: () => {
      const last = saved.pop();
      if (last !== undefined) now = last;
    },
    inRange: (from: string, to: string) => [...now.keys()].filter((k) => k >= from && k < to).sort(),
    get: (k: string) => now.get(k),
  };
}

describe('WorkingState', () => {
  it('agrees with a plain map over random writes, range reads and rollbacks', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.nat(255))), fc.array(step, { maxLength: 120 }), (initial, steps) => {
        const memory = new MemoryState();
        memory.apply(new Map(initial.map(([k, v]) => [k, Uint8Array.of(v)])));
        const state = new WorkingState(memory);
        const expected = model(new Map(initial));
        const marks: number[] = [];
        for (const s of steps) {
          if (s.kind === 'put') {
            state.put(s.key, Uint8Array.of(s.value));
            expected.put(s.key, s.value);
          } else if (s.kind === 'remove') {
            state.remove(s.key);
            expected.remove(s.key);
          } else if (s.kind === 'mark') {
            marks.push(state.checkpoint());
            expected.mark();
          } else if (s.kind === 'undo') {
            const mark = marks.pop();
            if (mark !== undefined) state.rollback(mark);
            expected.undo();
          } else {
            const inRange = expected.inRange(s.from, s.to);
            const want = s.kind === 'first' ? inRange[0] : inRange.at(-1);
            const got = state[s.kind](s.from, s.to);
            expect(got?.key).toBe(want);
            if (want !== undefined) expect(got!.value[0]).toBe(expected.get(want));
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('erases a table from the front in linear base reads', () => {
    const memory = new MemoryState();
    const rows = 2000;
    memory.apply(new Map(Array.from({ length: rows }, (_, i) => [`k${String(i).padStart(5, '0')}`, Uint8Array.of(1)])));
    let reads = 0;
    const counting = {
      get: (k: string) => memory.get(k),
      first(from: string, to: string) {
        reads++;
        return memory.first(from, to);
      },
      last: (from: string, to: string) => memory.last(from, to),
    };
    const state = new WorkingState(counting);
    let erased = 0;
    for (let row = state.first('k', 'l'); row !== undefined; row = state.first('k', 'l')) {
      state.remove(row.key);
      erased++;
    }
    expect(erased).toBe(rows);
    expect(reads).toBeLessThan(4 * rows);
  });

  it('ends a prefix range after every key with that prefix', () => {
    expect(prefixEnd('ab')).toBe('ac');
    expect(prefixEnd('a\u00ff')).toBe('b');
    expect(prefixEnd('\u00ff\u00ff') > '\u00ff\u00ff\u00ff').toBe(true);
  });
});
