/** get_table_rows as WharfKit and plain HTTP ask it: every index type, bound, order, page and form of row. */
import { Asset, Checksum160, Checksum256, Float64, Name, Struct, UInt64, UInt128 } from '@wharfkit/antelope';
import { ContractKit } from '@wharfkit/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, wharfkitClient } from '../testing/client-session.js';
import { indexAbi, indexWasm } from '../testing/index-contract.js';
import { type NodeProcess, startNodeProcess } from '../testing/node-process.js';

const self = 'indices';
const COUNT = 12;

/** A number as the sixteen bytes of a quadruple-precision float, little-endian hex. */
function quad(value: number): string {
  if (value === 0) return `0x${'00'.repeat(16)}`;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const double = bits.getBigUint64(0);
  const exponent = ((double >> 52n) & 0x7ffn) - 1023n + 16383n;
  const wide = ((double >> 63n) << 127n) | (exponent << 112n) | ((double & ((1n << 52n) - 1n)) << 60n);
  return `0x${wide.toString(16).padStart(32, '0').match(/../g)!.reverse().join('')}`;
}

type Row = {
  readonly id: number;
  readonly owner: string;
  readonly k64: string;
  readonly k128: string;
  readonly k256: string;
  readonly kf: string;
  readonly kq: string;
  readonly k160: string;
};

/** Keys that are in another order than the rows, some equal, some at the ends of their types. */
const numbers = [7, 3, 11, 3, 0, 5, 9, 1, 8, 2, 10, 6];
const rows: readonly Row[] = numbers.map((n, i) => ({
  id: i * 10,
  owner: `user${'abcdefghijkl'[n]}`,
  k64: n === 11 ? '18446744073709551615' : String(n * 1000),
  k128: (n === 11 ? 2n ** 128n - 1n : BigInt(n) << 80n).toString(),
  k256: Buffer.from([n, ...Array(31).fill(255 - n)]).toString('hex'),
  kf: String((n - 5) * 1.5),
  kq: quad((n - 5) * 0.75),
  k160: Buffer.from([n, ...Array(19).fill(i)]).toString('hex'),
}));

let node: NodeProcess;
let client: Client;

beforeAll(async () => {
  node = await startNodeProcess();
  client = await wharfkitClient(node);
  await client.createAccount(self);
  await client.deploy(self, { wasm: indexWasm, abi: indexAbi });
  await client.act(self, ...rows.map((row) => [self, 'put', row] as const));
});

afterAll(() => node.stop());

type Query = Record<string, unknown>;
type Answer = { rows: Row[]; more: boolean; next_key: string };

async function ask(query: Query): Promise<Answer> {
  const { status, body } = await node.post('/v1/chain/get_table_rows', {
    code: self,
    scope: self,
    table: 'rows',
    json: true,
    limit: 100,
    ...query,
  });
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

const ids = ({ rows: found }: Answer) => found.map(({ id }) => id);

/** How a query names an index, and how its keys are ordered and written. */
type Index = {
  readonly what: string;
  readonly query: Query;
  readonly field: keyof Row;
  /** The key as a comparable value. */
  readonly order: (row: Row) => bigint | number | string;
  /** The key as the text of a bound. */
  readonly bound: (row: Row) => string;
  /** The key as next_key shows it. */
  readonly next: (row: Row) => string;
};

const quadOrder = (row: Row) => (numbers[row.id / 10]! - 5) * 0.75;
const indices: readonly Index[] = [
  {
    what: 'primary i64',
    query: {},
    field: 'id',
    order: ({ id }) => BigInt(id),
    bound: ({ id }) => String(id),
    next: ({ id }) => String(id),
  },
  {
    what: 'i64',
    query: { index_position: '2', key_type: 'i64' },
    field: 'k64',
    order: ({ k64 }) => BigInt(k64),
    bound: ({ k64 }) => k64,
    next: ({ k64 }) => k64,
  },
  {
    what: 'name',
    query: { index_position: 8, key_type: 'name' },
    field: 'owner',
    order: ({ owner }) => owner,
    bound: ({ owner }) => owner,
    // As nodeos: the number, even when the bounds are names.
    next: ({ owner }) => String(Name.from(owner).value),
  },
  {
    what: 'i128',
    query: { index_position: 'tertiary', key_type: 'i128' },
    field: 'k128',
    order: ({ k128 }) => BigInt(k128),
    bound: ({ k128 }) => k128,
    next: ({ k128 }) => k128,
  },
  {
    what: 'i128 from hexadecimal',
    query: { index_position: '3', key_type: 'i128' },
    field: 'k128',
    order: ({ k128 }) => BigInt(k128),
    bound: ({ k128 }) => `0x${BigInt(k128).toString(16)}`,
    next: ({ k128 }) => k128,
  },
  {
    what: 'sha256',
    query: { index_position: 'fourth', key_type: 'sha256', encode_type: 'hex' },
    field: 'k256',
    order: ({ k256 }) => k256,
    bound: ({ k256 }) => k256,
    next: ({ k256 }) => k256,
  },
  {
    what: 'i256',
    query: { index_position: '4', key_type: 'i256' },
    field: 'k256',
    order: ({ k256 }) => k256,
    bound: ({ k256 }) => `0x${k256}`,
    next: ({ k256 }) => `0x${k256}`,
  },
  {
    what: 'i256 hex',
    query: { index_position: '4', key_type: 'i256', encode_type: 'hex' },
    field: 'k256',
    order: ({ k256 }) => k256,
    bound: ({ k256 }) => k256,
    next: ({ k256 }) => k256,
  },
  {
    what: 'ripemd160',
    query: { index_position: '7', key_type: 'ripemd160', encode_type: 'hex' },
    field: 'k160',
    order: ({ k160 }) => k160,
    bound: ({ k160 }) => k160,
    next: ({ k160 }) => k160,
  },
  {
    what: 'float64',
    query: { index_position: 'fifth', key_type: 'float64' },
    field: 'kf',
    order: ({ kf }) => Number(kf),
    bound: ({ kf }) => kf,
    next: ({ kf }) => Number(kf).toFixed(17),
  },
  {
    what: 'float128',
    query: { index_position: '6', key_type: 'float128' },
    field: 'kq',
    order: quadOrder,
    bound: (row) => String(quadOrder(row)),
    next: (row) => quadOrder(row).toFixed(17),
  },
];

describe.each(indices)('an index of type $what', ({ query, order, bound, next }) => {
  const sorted = [...rows].sort((a, b) => {
    const [x, y] = [order(a), order(b)];
    return x < y ? -1 : x > y ? 1 : a.id - b.id;
  });
  const at = (i: number) => bound(sorted[i]!);
  const between = (low: number, high: number) =>
    sorted.filter((row) => order(row) >= order(sorted[low]!) && order(row) <= order(sorted[high]!)).map(({ id }) => id);

  it('gives all rows in order, and backwards', async () => {
    const all = sorted.map(({ id }) => id);
    expect(ids(await ask(query))).toEqual(all);
    expect(ids(await ask({ ...query, reverse: true }))).toEqual([...all].reverse());
  });

  it('takes bounds that are included', async () => {
    expect(ids(await ask({ ...query, lower_bound: at(4) }))).toEqual(between(4, COUNT - 1));
    expect(ids(await ask({ ...query, upper_bound: at(7) }))).toEqual(between(0, 7));
    expect(ids(await ask({ ...query, lower_bound: at(3), upper_bound: at(8) }))).toEqual(between(3, 8));
    expect(ids(await ask({ ...query, lower_bound: at(5), upper_bound: at(5) }))).toEqual(between(5, 5));
    expect(ids(await ask({ ...query, lower_bound: at(3), upper_bound: at(8), reverse: true }))).toEqual(
      between(3, 8).reverse(),
    );
  });

  it('gives nothing when the bounds cross', async () => {
    expect(await ask({ ...query, lower_bound: at(8), upper_bound: at(3) })).toEqual({
      rows: [],
      more: false,
      next_key: '',
    });
  });

  it('goes on with next_key, in both directions', async () => {
    for (const reverse of [false, true]) {
      const expected = reverse ? [...sorted].reverse() : sorted;
      const found: Row[] = [];
      let bounds: Query = {};
      for (let page = 0; ; page++) {
        const answer = await ask({ ...query, ...bounds, reverse, limit: 5 });
        found.push(...answer.rows);
        if (!answer.more) {
          expect(answer.next_key).toBe('');
          break;
        }
        expect(answer.next_key).toBe(next(expected[(page + 1) * 5]!));
        bounds = reverse ? { upper_bound: answer.next_key } : { lower_bound: answer.next_key };
        expect(page).toBeLessThan(5);
      }
      expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    }
  });

  it('says who pays, and gives rows as hex', async () => {
    const paid = await ask({ ...query, limit: 1, show_payer: true });
    expect(paid.rows).toEqual([{ data: expect.objectContaining({ id: sorted[0]!.id }), payer: self }]);
    const [hex] = (await ask({ ...query, limit: 1, json: false })).rows as unknown as string[];
    expect(hex).toMatch(/^[0-9a-f]{232}$/);
  });
});

describe('rows', () => {
  it('come back as they were given', async () => {
    const { rows: found } = await ask({});
    expect(found).toEqual(
      rows.map((row) => ({
        ...row,
        k64: Number(row.k64) > 0xffff_ffff ? row.k64 : Number(row.k64),
        kf: Number(row.kf).toFixed(17),
      })),
    );
  });
});

describe('questions that make no sense', () => {
  it.each([
    ['of an unknown table', { table: 'nothing' }, 'Table nothing is not specified in the ABI'],
    ['of a secondary index without type', { index_position: '2' }, 'key type required for non-primary index'],
    ['of an unknown key type', { index_position: '2', key_type: 'i32' }, 'Unsupported secondary index type: i32'],
    [
      'with NaN',
      { index_position: '5', key_type: 'float64', lower_bound: 'nan' },
      'not a permitted value for the key type',
    ],
    ['of a table with a 13th character', { table: 'rows.........1' }, ''],
  ])('are refused: one %s', async (_, query, message) => {
    const { status, body } = await node.post('/v1/chain/get_table_rows', {
      code: self,
      scope: self,
      table: 'rows',
      ...query,
    });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.error.details[0].message).toContain(message);
  });

  it('scopes and bounds may be names, numbers and symbols', async () => {
    const stat = (scope: string) =>
      node.post('/v1/chain/get_table_rows', { code: 'eosio.token', scope, table: 'stat', json: true });
    const expected = [{ supply: '1000000000.0000 XST', max_supply: '10000000000.0000 XST', issuer: 'eosio' }];
    const code = String(Asset.SymbolCode.from('XST').value);
    for (const scope of ['XST', code]) expect((await stat(scope)).body.rows).toEqual(expected);
    expect((await stat('4,XST')).body.rows).toEqual([]);
    const bySymbol = {
      code: 'eosio.token',
      scope: 'alice',
      table: 'accounts',
      json: true,
      lower_bound: 'XST',
      upper_bound: code,
    };
    expect((await node.post('/v1/chain/get_table_rows', bySymbol)).body.rows).toHaveLength(1);
  });
});

describe('WharfKit', () => {
  class TypedRow extends Struct {
    static override abiName = 'row';
    static override abiFields = [
      { name: 'id', type: UInt64 },
      { name: 'owner', type: Name },
      { name: 'k64', type: UInt64 },
      { name: 'k128', type: UInt128 },
      { name: 'k256', type: Checksum256 },
      { name: 'kf', type: Float64 },
    ];
    declare id: UInt64;
    declare k64: UInt64;
    declare k256: Checksum256;
  }

  const chain = () => client.api.v1.chain;
  const query = { code: self, scope: self, table: 'rows', limit: 4 };

  it('asks with bounds of its own types, and reads next_key into them', async () => {
    const byNumber = await chain().get_table_rows({
      ...query,
      index_position: 'secondary',
      lower_bound: UInt64.from(2000),
      type: TypedRow,
    });
    expect(byNumber.rows.map(({ k64 }) => Number(k64))).toEqual([2000, 3000, 3000, 5000]);
    expect(byNumber.next_key).toBeInstanceOf(UInt64);
    const byHash = await chain().get_table_rows({
      ...query,
      index_position: 'fourth',
      lower_bound: Checksum256.from(rows[0]!.k256),
      upper_bound: Checksum256.from(rows[0]!.k256),
      type: TypedRow,
    });
    expect(byHash.rows.map(({ id }) => Number(id))).toEqual([0]);
    const next = await chain().get_table_rows({ ...query, index_position: 'fourth', key_type: 'sha256' });
    expect(next.next_key).toBeInstanceOf(Checksum256);
    const short = await chain().get_table_rows({
      ...query,
      index_position: 'seventh',
      lower_bound: Checksum160.from(rows[2]!.k160),
    });
    expect(short.rows.map(({ id }: Row) => id)).toEqual([20]);
    const wide = await chain().get_table_rows({
      ...query,
      index_position: 'tertiary',
      lower_bound: UInt128.from(rows[10]!.k128),
    });
    expect(wide.rows.map(({ id }: Row) => id)).toEqual([100, 20]);
    const float = await chain().get_table_rows({
      ...query,
      index_position: 'fifth',
      key_type: 'float64',
      lower_bound: Float64.from(6),
    });
    expect(float.rows.map(({ kf }: Row) => Number(kf))).toEqual([6, 7.5, 9]);
    const named = await chain().get_table_rows({ ...query, index_position: 'eighth', lower_bound: Name.from('userk') });
    expect(named.rows.map(({ owner }: Row) => owner)).toEqual(['userk', 'userl']);
  });

  it('pages through tables and scopes with its cursors', async () => {
    const kit = new ContractKit({ client: client.api });
    const contract = await kit.load(self);
    expect(contract.tableNames).toEqual(['rows']);
    const table = contract.table('rows');
    const all = await table.all({ rowsPerAPIRequest: 5 });
    expect(all.map(({ id }) => Number(id))).toEqual(rows.map(({ id }) => id));
    const scopes = await table.scopes().all();
    expect(JSON.parse(JSON.stringify(scopes))).toEqual([
      { code: self, scope: self, table: 'rows', payer: self, count: 2 * COUNT },
    ]);
    const backwards = await table.query({ reverse: true }).all();
    expect(backwards.map(({ id }) => Number(id))).toEqual(rows.map(({ id }) => id).reverse());
    const some = await table.query({ from: 20, to: 50 }).all();
    expect(some.map(({ id }) => Number(id))).toEqual([20, 30, 40, 50]);
    expect(Number((await table.get(UInt64.from(30)))?.id)).toBe(30);
    const byIndex = await table
      .query({ index_position: 'secondary', key_type: 'i64', from: UInt64.from(3000), to: UInt64.from(3000) })
      .all();
    expect(byIndex.map(({ id }) => Number(id))).toEqual([10, 30]);
    const first = await table.first(3).all();
    expect(first).toHaveLength(3);
  });

  it('calls read-only actions and reads what they return', async () => {
    const contract = await new ContractKit({ client: client.api }).load(self);
    expect(Number(await contract.readonly('answer', { question: 41 }))).toBe(42);
  });
});
