import {
  abiKey,
  encodeRow,
  type IndexFamily,
  indexFamilies,
  indexKey,
  indexRowKey,
  keyKinds,
  MemoryState,
  nameKey,
  putAccount,
  putTable,
  rowKey,
  tableId,
  WorkingState,
} from '@snapscale/execution';
import {
  abiSchema,
  encode,
  formatDouble,
  formatName,
  type Name,
  name,
  parseAbi,
  Reject,
  type RejectionCode,
} from '@snapscale/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestContext } from '../server/handler.js';
import { defaultHttpOptions } from '../server/options.js';
import { AbiCache } from '../view/abi-cache.js';
import { tableHandlers } from './tables.js';

const code = name('tester');
const table = name('things');
const payers = [name('alice'), name('bob')] as const;

const abi = parseAbi({
  version: 'eosio::abi/1.1',
  structs: [
    {
      name: 'thing',
      base: '',
      fields: [
        { name: 'id', type: 'uint64' },
        { name: 'note', type: 'string' },
      ],
    },
  ],
  tables: [
    { name: 'things', type: 'thing', index_type: 'i64' },
    { name: 'odd', type: 'thing', index_type: '' },
  ],
});

/** One kind of key: how a test makes values, what a contract stores, how they compare, what they look like. */
type Kind<T> = {
  readonly label: string;
  readonly keyType: string;
  readonly encodeType?: string;
  readonly family: IndexFamily;
  readonly values: fc.Arbitrary<T>;
  readonly bytes: (value: T) => Uint8Array;
  readonly compare: (a: T, b: T) => number;
  readonly text: (value: T) => string;
  readonly nextKey: (value: T) => string;
};

const big = (bits: bigint) => fc.oneof(fc.bigInt({ min: 0n, max: 20n }), fc.bigInt({ min: 0n, max: 2n ** bits - 1n }));
const order = <T extends bigint | number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
const little = (value: bigint, size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const hex = (value: bigint, size: number): string => value.toString(16).padStart(size * 2, '0');
/** Two little-endian words of 16 bytes, the high one first. */
const wordsOf = (value: bigint): Uint8Array =>
  Uint8Array.from([...little(value >> 128n, 16), ...little(value & (2n ** 128n - 1n), 16)]);

const doubles = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.5, 1e300, -1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324),
  fc.double({ noNaN: true }),
  fc.integer({ min: -5, max: 5 }),
);

function doubleBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}

/** binary128 of a double. */
function quadBits(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const sign = (bits >> 63n) << 127n;
  let exponent = (bits >> 52n) & 0x7ffn;
  let fraction = bits & (2n ** 52n - 1n);
  if (exponent === 0x7ffn) return sign | (0x7fffn << 112n) | (fraction << 60n);
  if (exponent === 0n) {
    if (fraction === 0n) return sign;
    exponent = 1n;
    while ((fraction & (1n << 52n)) === 0n) {
      fraction <<= 1n;
      exponent -= 1n;
    }
    fraction &= 2n ** 52n - 1n;
  }
  return sign | ((exponent + 15360n) << 112n) | (fraction << 60n);
}

const doubleText = (value: number): string =>
  Number.isFinite(value) && Number(formatDouble(value)) !== value ? String(value) : formatDouble(value);
const decimalOf = (value: number): string =>
  Number.isFinite(value) ? (Object.is(value, -0) ? '-0' : String(value)) : value > 0 ? 'inf' : '-inf';

const kinds: readonly Kind<never>[] = [
  {
    label: 'i64',
    keyType: 'i64',
    family: indexFamilies.idx64,
    values: big(64n),
    bytes: (v: bigint) => little(v, 8),
    compare: order,
    text: String,
    nextKey: String,
  },
  {
    label: 'name',
    keyType: 'name',
    family: indexFamilies.idx64,
    values: fc.constantFrom('a', 'b', 'alice', 'bob', 'zzzzzzzzzzzzj', 'a.b', '5').map(name),
    bytes: (v: bigint) => little(v, 8),
    compare: order,
    text: formatName,
    nextKey: String,
  },
  {
    label: 'i128',
    keyType: 'i128',
    family: indexFamilies.idx128,
    values: big(128n),
    bytes: (v: bigint) => little(v, 16),
    compare: order,
    text: String,
    nextKey: String,
  },
  {
    label: 'i256',
    keyType: 'i256',
    family: indexFamilies.idx256,
    values: big(256n),
    bytes: wordsOf,
    compare: order,
    text: (v: bigint) => `0x${v.toString(16)}`,
    nextKey: (v: bigint) => `0x${hex(v, 32)}`,
  },
  {
    label: 'i256 in hex',
    keyType: 'i256',
    encodeType: 'hex',
    family: indexFamilies.idx256,
    values: big(256n),
    bytes: wordsOf,
    compare: order,
    text: (v: bigint) => hex(v, 32),
    nextKey: (v: bigint) => hex(v, 32),
  },
  {
    label: 'sha256',
    keyType: 'sha256',
    family: indexFamilies.idx256,
    values: big(256n),
    bytes: wordsOf,
    compare: order,
    text: (v: bigint) => hex(v, 32),
    nextKey: (v: bigint) => hex(v, 32),
  },
  {
    label: 'ripemd160',
    keyType: 'ripemd160',
    family: indexFamilies.idx256,
    values: big(160n),
    bytes: (v: bigint) => wordsOf(v << 96n),
    compare: order,
    text: (v: bigint) => hex(v, 20),
    nextKey: (v: bigint) => hex(v, 20),
  },
  {
    label: 'float64',
    keyType: 'float64',
    family: indexFamilies.idxDouble,
    values: doubles,
    bytes: doubleBytes,
    compare: order,
    text: decimalOf,
    nextKey: doubleText,
  },
  {
    label: 'float128',
    keyType: 'float128',
    family: indexFamilies.idxLongDouble,
    values: doubles,
    bytes: (v: number) => little(quadBits(v), 16),
    compare: order,
    text: decimalOf,
    nextKey: doubleText,
  },
  {
    label: 'float128 in hex',
    keyType: 'float128',
    encodeType: 'hex',
    family: indexFamilies.idxLongDouble,
    values: doubles,
    bytes: (v: number) => little(quadBits(v), 16),
    compare: order,
    text: (v: number) => `0x${hex(quadBits(v), 16)}`,
    nextKey: (v: number) => `0x${hex(quadBits(v), 16)}`,
  },
] as never;

type Row = {
  readonly id: bigint;
  readonly keys: readonly { kind: Kind<never>; value: never }[];
  readonly payer: Name;
  readonly lost: boolean;
};

const positions = ['2', 'third', 'fou', 'fifth', '6', 'seventh', 'eighth', '9', 'tenth'];

/** A table with one secondary index for each of the kinds (at most nine), in order. */
function stateOf(rows: readonly Row[], scope: bigint): MemoryState {
  const state = new WorkingState(new MemoryState());
  putAccount(state, code, {
    createdSlot: 0,
    privileged: false,
    vmType: 0,
    vmVersion: 0,
    codeHash: undefined,
    lastCodeUpdateUs: 0n,
    codeSequence: 0n,
    abiSequence: 1n,
  });
  state.put(abiKey(code), encode(abiSchema, abi));
  const id = tableId(code, scope, table);
  if (rows.length > 0) putTable(state, id, { count: rows.length, payer: payers[0] });
  for (const row of rows) {
    const note = `n${row.id}`;
    const data = Uint8Array.from([...little(row.id, 8), note.length, ...Buffer.from(note)]);
    if (!row.lost) state.put(rowKey(id, row.id), encodeRow(row.payer, data));
    row.keys.forEach(({ kind, value }, index) => {
      const bytes = kind.bytes(value);
      const indexId = tableId(code, scope, table | BigInt(index));
      const keyKind = Object.values(keyKinds).find(({ family }) => family === kind.family)!;
      const payer = little(row.payer, 8);
      state.put(indexKey(kind.family, indexId, keyKind.sortable(bytes), row.id), payer);
      state.put(indexRowKey(kind.family, indexId, row.id), Uint8Array.from([...payer, ...bytes]));
    });
  }
  const memory = new MemoryState();
  memory.apply(state.changes());
  return memory;
}

function contextOf(state: MemoryState): RequestContext {
  return { state, abis: new AbiCache(), options: defaultHttpOptions, nowMs: () => 0 } as unknown as RequestContext;
}

type Query = { code: string; scope: string; table: string; json: boolean } & Record<string, unknown>;
type Answer = { rows: { id: number | string }[]; more: boolean; next_key: string };

function ask(state: MemoryState, query: Partial<Query>): Answer {
  const request = { code: 'tester', scope: 'here', table: 'things', json: true, ...query };
  return tableHandlers.getTableRows(contextOf(state), request as never) as never;
}

const rowIds = (answer: Answer): bigint[] => answer.rows.map(({ id }) => BigInt(id));

/** What a query must give: entries in order, those in bounds, cut at the limit. */
function expected<T>(
  entries: readonly { id: bigint; value: T; lost: boolean }[],
  compare: (a: T, b: T) => number,
  query: { low?: T | undefined; high?: T | undefined; limit: number; reverse: boolean },
) {
  const inside = entries
    .filter(({ value }) => query.low === undefined || compare(value, query.low) >= 0)
    .filter(({ value }) => query.high === undefined || compare(value, query.high) <= 0)
    .sort((a, b) => compare(a.value, b.value) || order(a.id, b.id));
  if (query.reverse) inside.reverse();
  const ids: bigint[] = [];
  for (const entry of inside) {
    if (ids.length === query.limit) return { ids, next: entry };
    if (!entry.lost) ids.push(entry.id);
  }
  return { ids, next: undefined };
}

const ids = fc.oneof(fc.bigInt({ min: 0n, max: 12n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));

describe('get_table_rows', () => {
  it('agrees with a brute-force model on the primary index', () => {
    const cases = fc.record({
      ids: fc.uniqueArray(ids, { maxLength: 12 }),
      low: fc.option(ids, { nil: undefined }),
      high: fc.option(ids, { nil: undefined }),
      limit: fc.nat(6),
      reverse: fc.boolean(),
      named: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ ids: all, low, high, limit, reverse, named }) => {
        const state = stateOf(
          all.map((id) => ({ id, keys: [], payer: payers[0], lost: false })),
          name('here'),
        );
        const text = (value: bigint | undefined) =>
          value === undefined ? '' : named ? formatName(value) : String(value);
        if (named && (low === 0n || high === 0n)) return;
        const answer = ask(state, {
          lower_bound: text(low),
          upper_bound: text(high),
          limit,
          reverse,
          key_type: named ? 'name' : '',
        });
        const want = expected(
          all.map((id) => ({ id, value: id, lost: false })),
          order,
          { low, high, limit, reverse },
        );
        expect(rowIds(answer)).toEqual(want.ids);
        expect(answer.more).toBe(want.next !== undefined);
        expect(answer.next_key).toBe(want.next === undefined ? '' : String(want.next.id));
      }),
      { numRuns: 300 },
    );
  });

  for (const kind of kinds) {
    it(`agrees with a brute-force model on a secondary index of ${kind.label}`, () => {
      const cases = fc.record({
        rows: fc.uniqueArray(fc.record({ id: ids, value: kind.values, lost: fc.boolean() }), {
          maxLength: 12,
          selector: ({ id }) => id,
        }),
        low: fc.option(kind.values, { nil: undefined }),
        high: fc.option(kind.values, { nil: undefined }),
        limit: fc.nat(6),
        reverse: fc.boolean(),
        position: fc.nat(8),
      });
      fc.assert(
        fc.property(cases, ({ rows, low, high, limit, reverse, position }) => {
          const empty = { kind: { ...kind, bytes: () => kind.bytes(rows[0]!.value) }, value: rows[0]?.value as never };
          const state = stateOf(
            rows.map(({ id, value, lost }) => ({
              id,
              keys: [...Array.from({ length: position }, () => empty), { kind, value: value as never }],
              payer: payers[0],
              lost,
            })),
            name('here'),
          );
          const answer = ask(state, {
            index_position: positions[position]!,
            key_type: kind.keyType,
            ...(kind.encodeType === undefined ? {} : { encode_type: kind.encodeType }),
            lower_bound: low === undefined ? '' : kind.text(low as never),
            upper_bound: high === undefined ? '' : kind.text(high as never),
            limit,
            reverse,
          });
          const want = expected(rows, kind.compare as never, { low, high, limit, reverse });
          expect(rowIds(answer)).toEqual(want.ids);
          expect(answer.more).toBe(want.next !== undefined);
          expect(answer.next_key).toBe(want.next === undefined ? '' : kind.nextKey(want.next.value as never));
        }),
        { numRuns: 120 },
      );
    });

    it(`pages through a secondary index of ${kind.label} without loss`, () => {
      fc.assert(
        fc.property(
          fc.uniqueArray(kind.values, { minLength: 1, maxLength: 9, comparator: (a, b) => kind.compare(a, b) === 0 }),
          fc.boolean(),
          (values, reverse) => {
            const rows = values.map((value, i) => ({
              id: BigInt(i),
              keys: [{ kind, value: value as never }],
              payer: payers[0],
              lost: false,
            }));
            const state = stateOf(rows, name('here'));
            const seen: bigint[] = [];
            let bound = '';
            for (let page = 0; page < 20; page++) {
              const answer = ask(state, {
                index_position: 'secondary',
                key_type: kind.keyType,
                encode_type: kind.encodeType ?? 'dec',
                limit: 2,
                reverse,
                [reverse ? 'upper_bound' : 'lower_bound']: bound,
              });
              seen.push(...rowIds(answer));
              if (!answer.more) break;
              bound = answer.next_key;
            }
            expect([...seen].sort(order)).toEqual(rows.map(({ id }) => id));
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  it('shows payers, bytes, and scopes of every form', () => {
    const row = { id: 7n, keys: [], payer: payers[1], lost: false };
    for (const [scope, forms] of [
      [name('here'), ['here', String(name('here'))]],
      [5459781n, ['5459781', 'EOS']],
      [1397703940n, ['4,EOS']],
    ] as const) {
      const state = stateOf([row], scope);
      for (const form of forms) expect(ask(state, { scope: form }).rows).toEqual([{ id: 7, note: 'n7' }]);
    }
    const state = stateOf([row], name('here'));
    expect(ask(state, { show_payer: true }).rows).toEqual([{ data: { id: 7, note: 'n7' }, payer: 'bob' }]);
    expect(ask(state, { json: false }).rows).toEqual(['0700000000000000026e37']);
    expect(ask(state, { scope: 'elsewhere' })).toEqual({ rows: [], more: false, next_key: '' });
  });

  it('refuses what nodeos refuses, with its error', () => {
    const state = stateOf([], name('here'));
    const refusal = (query: Partial<Query>): RejectionCode | undefined => {
      try {
        ask(state, query);
        return undefined;
      } catch (error) {
        if (error instanceof Reject) return error.rejection.code;
        throw error;
      }
    };
    expect(refusal({ code: 'nobody' })).toBe('account_query_exception');
    expect(refusal({ table: 'missing' })).toBe('contract_table_query_exception');
    expect(refusal({ table: 'abcdefghijkla' })).toBe('contract_table_query_exception');
    expect(refusal({ table: 'odd' })).toBe('contract_table_query_exception');
    expect(refusal({ table: 'odd', key_type: 'i64' })).toBeUndefined();
    expect(refusal({ table: 'BAD' })).toBe('name_type_exception');
    expect(refusal({ scope: 'no scope!' })).toBe('chain_type_exception');
    expect(refusal({ index_position: 'other' })).toBe('contract_table_query_exception');
    expect(refusal({ index_position: '2' })).toBe('contract_table_query_exception');
    expect(refusal({ index_position: '2', key_type: 'i65' })).toBe('contract_table_query_exception');
    expect(refusal({ index_position: '2', key_type: 'float64', lower_bound: 'nan' })).toBe(
      'contract_table_query_exception',
    );
    expect(refusal({ index_position: '2', key_type: 'float64', lower_bound: 'x' })).toBe('chain_type_exception');
    expect(refusal({ index_position: '2', key_type: 'sha256', lower_bound: 'ab' })).toBe('chain_type_exception');
    expect(refusal({ index_position: '2', key_type: 'i128', lower_bound: '-1' })).toBe('chain_type_exception');
    expect(refusal({ index_position: '2', key_type: 'i128', lower_bound: String(2n ** 128n) })).toBe(
      'chain_type_exception',
    );
    expect(refusal({ key_type: 'name', lower_bound: 'A' })).toBe('name_type_exception');
    expect(refusal({ lower_bound: '!' })).toBe('chain_type_exception');
  });

  it('never gives more than 1000 rows, and stops when the time is over', () => {
    const rows = Array.from({ length: 1100 }, (_, i) => ({ id: BigInt(i), keys: [], payer: payers[0], lost: false }));
    const state = stateOf(rows, name('here'));
    const many = ask(state, { limit: 5000 });
    expect([many.rows.length, many.more, many.next_key]).toEqual([1000, true, '1000']);
    let now = 0;
    const context = { ...contextOf(state), nowMs: () => now++ } as RequestContext;
    const slow = tableHandlers.getTableRows(context, {
      code: 'tester',
      scope: 'here',
      table: 'things',
      json: true,
      limit: 1000,
      time_limit_ms: 5,
    }) as Answer;
    expect(slow.rows.length).toBeGreaterThan(0);
    expect(slow.rows.length).toBeLessThan(10);
    expect(slow.more).toBe(true);
  });
});

describe('get_table_by_scope', () => {
  const state = new MemoryState();
  state.apply(
    new Map(
      (['a', 'b', 'c'] as const).flatMap((scope) =>
        (['things', 'others'] as const).map(
          (which) =>
            [
              `t${tableId(code, name(scope), name(which))}`,
              Uint8Array.from([2, 0, 0, 0, ...little(payers[0], 8)]),
            ] as const,
        ),
      ),
    ),
  );
  const ask = (query: Record<string, unknown>) =>
    tableHandlers.getTableByScope(contextOf(state), { code: 'tester', ...query }) as unknown as {
      rows: { scope: string; table: string; count: number; payer: string }[];
      more: string;
    };
  const brief = (answer: ReturnType<typeof ask>) => [
    answer.rows.map(({ scope, table }) => `${scope}/${table}`).join(' '),
    answer.more,
  ];

  it('lists tables by scope, in bounds, in either direction, in pages', () => {
    expect(brief(ask({}))).toEqual(['a/others a/things b/others b/things c/others c/things', '']);
    expect(brief(ask({ table: 'things' }))).toEqual(['a/things b/things c/things', '']);
    expect(brief(ask({ table: 'things', lower_bound: 'b' }))).toEqual(['b/things c/things', '']);
    expect(brief(ask({ table: 'things', upper_bound: 'b' }))).toEqual(['a/things b/things', '']);
    expect(brief(ask({ table: 'things', reverse: true, limit: 2 }))).toEqual(['c/things b/things', 'b']);
    expect(brief(ask({ limit: 3 }))).toEqual(['a/others a/things b/others', 'b']);
    expect(brief(ask({ lower_bound: 'c', upper_bound: 'a' }))).toEqual(['', '']);
    expect(ask({ limit: 1 }).rows[0]).toEqual({
      code: 'tester',
      scope: 'a',
      table: 'others',
      payer: 'alice',
      count: 2,
    });
    expect(nameKey(code)).toHaveLength(8);
  });
});
