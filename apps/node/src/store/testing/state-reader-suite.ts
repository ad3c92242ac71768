/** What every `StateReader` must do, as a test suite that each implementation runs. */
import { type Changeset, prefixEnd, type StateEntry, type StateReader } from '@snapscale/execution';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** A reader under test, and how its state is changed. */
export type StateUnderTest = {
  readonly reader: StateReader;
  apply(changes: Changeset): Promise<void>;
  close(): Promise<void>;
};

/** Every byte that is special somewhere, and one that is not. */
const byte = fc.constantFrom('\0', '\u0001', 'k', '\u007f', '\u0080', '\u00ff');
const key = fc.array(byte, { minLength: 1, maxLength: 4 }).map((bytes) => bytes.join(''));
const bound = fc.oneof(key, key.map(prefixEnd), fc.constantFrom('', '\u0100', 'k\u0100', '\u00ff\u0100'));
const value = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.nat(3).map((n) => new Uint8Array(n * 40_000).fill(n)) },
);
const changes = fc.array(fc.tuple(key, fc.option(value)), { maxLength: 20 });

/** Declares the suite for one implementation; `create` gives an empty state. */
export function describeStateReader(name: string, create: () => Promise<StateUnderTest>): void {
  const using = async (body: (state: StateUnderTest) => Promise<void>) => {
    const state = await create();
    try {
      await body(state);
    } finally {
      await state.close();
    }
  };

  describe(`${name} as a StateReader`, () => {
    it('agrees with a sorted map over random changes and range reads', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(changes, { maxLength: 5 }),
          fc.array(fc.tuple(bound, bound), { maxLength: 12 }),
          (steps, bounds) =>
            using(async ({ reader, apply }) => {
              const model = new Map<string, Uint8Array>();
              for (const step of steps) {
                await apply(new Map(step));
                for (const [k, v] of new Map(step))
                  if (v === null) model.delete(k);
                  else model.set(k, v);
                for (const [k] of step)
                  expect(shown({ key: k, value: reader.get(k) })).toBe(shown({ key: k, value: model.get(k) }));
                for (const [from, to] of bounds) {
                  const inside = entriesBetween(model, from, to);
                  expect(shown(reader.first(from, to))).toBe(shown(inside[0]));
                  expect(shown(reader.last(from, to))).toBe(shown(inside.at(-1)));
                }
              }
              expect(walk(reader).map(shown)).toEqual(entriesBetween(model, '', '\u0100').map(shown));
            }),
        ),
        { numRuns: 30 },
      );
    });

    it('answers plain byte arrays that later reads do not change', () =>
      using(async ({ reader, apply }) => {
        const big = new Uint8Array(200_000).fill(3);
        await apply(
          new Map([
            ['a', Uint8Array.of(1, 2)],
            ['b', Uint8Array.of(3)],
            ['c', new Uint8Array(0)],
            ['d', big],
          ]),
        );
        const a = reader.get('a')!;
        const d = reader.get('d')!;
        const b = reader.first('b', 'c')!.value;
        const c = reader.last('c', 'd')!.value;
        reader.get('b');
        reader.first('a', 'z');
        expect([a, b, c]).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3), new Uint8Array(0)]);
        expect(d.length).toBe(200_000);
        expect(d.every((byte) => byte === 3)).toBe(true);
        for (const bytes of [a, b, c, d]) expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
      }));

    it('has nothing when empty', () =>
      using(async ({ reader }) => {
        expect([reader.get('k'), reader.first('', '\u0100'), reader.last('', '\u0100')]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
      }));

    it('takes keys up to 256 bytes, and ranges that are empty or reversed', () =>
      using(async ({ reader, apply }) => {
        const long = 'k'.repeat(256);
        await apply(new Map([[long, Uint8Array.of(1)]]));
        expect(reader.get(long)).toEqual(Uint8Array.of(1));
        expect(reader.first('k', prefixEnd('k'))?.key).toBe(long);
        for (const [from, to] of [
          ['k', 'k'],
          ['l', 'k'],
          [`${long}\0`, 'l'],
          ['k', long],
        ] as const) {
          expect([reader.first(from, to), reader.last(from, to)]).toEqual([undefined, undefined]);
        }
      }));
  });
}

function entriesBetween(model: ReadonlyMap<string, Uint8Array>, from: string, to: string): StateEntry[] {
  return [...model]
    .filter(([k]) => k >= from && k < to)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => ({ key: k, value: v }));
}

function walk(reader: StateReader): StateEntry[] {
  const entries: StateEntry[] = [];
  for (let from = ''; ; from = `${entries.at(-1)!.key}\0`) {
    const next = reader.first(from, '\u0100');
    if (next === undefined) return entries;
    entries.push(next);
  }
}

/** Comparing texts is faster than comparing large arrays, and fails with less output. */
function shown(entry: { key: string; value: Uint8Array | undefined } | undefined): string {
  if (entry?.value === undefined) return 'nothing';
  const bytes = Buffer.from(entry.value);
  return `${JSON.stringify(entry.key)}: ${bytes.length > 100 ? `${bytes.length} × ${bytes[0]} … ${bytes.at(-1)}` : bytes.toString('hex')}`;
}
