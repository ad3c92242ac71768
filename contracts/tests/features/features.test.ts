import { fileURLToPath } from 'node:url';
import { ABI, Serializer } from '@wharfkit/antelope';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuildResult, ContractCompiler } from '../../compiler/build-contract.js';
import { type ActionOutcome, encodeName, MockHost, pack } from '../mock-host.js';

const folder = fileURLToPath(new URL('.', import.meta.url));
const buildMsMax = 240_000;
const compiler = new ContractCompiler({ stepMsMax: buildMsMax });
let built: BuildResult;
let abi: ABI;

beforeAll(async () => {
  built = await compiler.build({
    name: 'features',
    sources: [`${folder}src/features.cpp`, `${folder}src/values.cpp`],
    ricardianDirs: [folder],
  });
  abi = ABI.from(built.abi as never);
}, buildMsMax);

afterAll(() => compiler.close());

function encode(type: string, object: unknown): Uint8Array {
  return Serializer.encode({ object, type, abi } as never).array;
}

function decode(type: string, bytes: Uint8Array): unknown {
  return Serializer.objectify(Serializer.decode({ data: bytes, type, abi }));
}

function run(host: MockHost, action: string, data: unknown = {}, auth: readonly string[] = []): ActionOutcome {
  return host.apply(built.wasm, { receiver: 'features', action, data: encode(action, data), auth });
}

const everything = {
  flag: true,
  i8: -5,
  u16: 65535,
  i64: '-9007199254740993',
  u128: '340282366920938463463374607431768211455',
  f32: '0.50000000000000000',
  f64: '-1.25000000000000000',
  text: 'grüße',
  blob: 'deadbeef',
  account: 'alice',
  money: '12.3400 XST',
  foreign_money: { quantity: '-0.01 ABC', contract: 'tokens' },
  sym: '4,XST',
  code: 'XST',
  h160: '11'.repeat(20),
  h256: '0123456789abcdef'.repeat(4),
  h512: '22'.repeat(64),
  key: 'PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63',
  when: '2024-08-13T16:01:33.500',
  when_sec: '2024-08-13T16:01:33',
  slot: '2024-08-13T16:01:33.500',
  var_u: 300,
  var_i: -300,
  paint: 2,
  origin: { x: 1, y: -2 },
  form: ['point', { x: 3, y: 4 }],
  points: [{ x: 5, y: 6 }],
  matrix: [[1, 2], [], [3]],
  maybe: 7,
  attributes: [
    { key: 'a', value: ['string', 'text'] },
    { key: 'b', value: ['uint8', 9] },
  ],
  names: ['alice', 'bob'],
  couple: { first: 8, second: 'two' },
  triple: { field_0: 1, field_1: 2, field_2: 'carol' },
  fixed: [1, 2, 3],
  level: { actor: 'alice', permission: 'active' },
};

describe('ABI', () => {
  test('names the types of fields as clients expect them', () => {
    const fields = built.abi.structs.find(({ name }) => name === 'everything')!.fields.map(({ type }) => type);
    expect(fields).toEqual([
      ...[
        'bool',
        'int8',
        'uint16',
        'int64',
        'uint128',
        'float32',
        'float64',
        'string',
        'bytes',
        'name',
        'asset',
        'extended_asset',
      ],
      ...[
        'symbol',
        'symbol_code',
        'checksum160',
        'checksum256',
        'checksum512',
        'public_key',
        'signature',
        'time_point',
      ],
      ...['time_point_sec', 'block_timestamp_type', 'varuint32', 'varint32', 'uint8', 'point', 'shape', 'point[]'],
      ...[
        'B_vector_uint16_E[]',
        'uint64?',
        'pair_string_shape[]',
        'name[]',
        'pair_uint32_string',
        'tuple_uint8_uint16_name',
      ],
      ...['uint32[3]', 'permission_level', 'uint64$'],
    ]);
    expect(built.abi.types).toEqual([
      { new_type_name: 'B_vector_uint16_E', type: 'uint16[]' },
      { new_type_name: 'shape', type: 'variant_uint8_string_point' },
    ]);
    expect(built.abi.structs.find(({ name }) => name === 'circle')).toEqual({
      name: 'circle',
      base: 'point',
      fields: [{ name: 'radius', type: 'float64' }],
    });
  });

  test('has results, tables with their secondary keys, and ricardian texts', () => {
    expect(built.abi.action_results).toContainEqual({ name: 'echo', result_type: 'everything' });
    expect(built.abi.tables).toEqual([
      { name: 'counter', type: 'state', index_type: 'i64', key_names: [], key_types: [] },
      { name: 'orphans', type: 'orphan', index_type: 'i64', key_names: [], key_types: [] },
      {
        name: 'rows',
        type: 'row',
        index_type: 'i64',
        key_names: ['byowner', 'bybig', 'byratio', 'byhash', 'bylong'],
        key_types: ['uint64', 'uint128', 'float64', 'checksum256', 'float128'],
      },
    ]);
    expect(built.abi.actions.find(({ name }) => name === 'echo.circle')!.ricardian_contract).toBe(
      'Gives back a circle.',
    );
    expect(built.abi.ricardian_clauses).toEqual([{ id: 'UserAgreement', body: 'Users test at their own risk.' }]);
  });
});

describe('packing', () => {
  const signature = `00${'1f'}${'33'.repeat(64)}`;
  const value = { ...everything, sig: decode('signature', Buffer.from(signature, 'hex')) };

  test.each([
    ['with', { ...value, later: 10 }],
    ['without', value],
  ])('a value of every type comes back byte by byte, %s its extension', (_, object) => {
    const bytes = encode('everything', object);
    const { result } = run(new MockHost(), 'echo', { value: object });
    expect(Buffer.from(result).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
  });

  test('a derived struct described by macro packs its base first', () => {
    const { result } = run(new MockHost(), 'echo.circle', { value: { x: 1, y: 2, radius: 0.5 } });
    expect(decode('circle', result)).toMatchObject({ x: 1, y: 2 });
  });

  test('an ignored parameter is left for the contract to read', () => {
    const { result } = run(new MockHost(), 'lazily', { first: 'alice', second: 'rest' });
    expect(decode('string', result)).toBe('alice:rest');
  });

  test('a length that the data cannot hold fails without allocating', () => {
    const host = new MockHost();
    const call = { receiver: 'features', action: 'standard', data: Uint8Array.from([255, 255, 255, 255, 15]) };
    expect(() => host.apply(built.wasm, call)).toThrow('datastream attempted to read past the end');
  });
});

describe('tables', () => {
  const hash = (digit: string): string => digit.repeat(64);
  const rows = [
    { id: 1, owner: 'carol', big: '18446744073709551616', ratio: 0.5, hash: hash('c') },
    { id: 2, owner: 'alice', big: '3', ratio: -2, hash: `0${hash('f').slice(1)}` },
    { id: 5, owner: 'bob', big: '18446744073709551617', ratio: 1e300, hash: hash('a') },
  ];

  function filled(): MockHost {
    const host = new MockHost();
    for (const row of rows) run(host, 'put', row);
    return host;
  }

  const orders = (host: MockHost): string[] => (decode('string', run(host, 'orders').result) as string).split('\n');

  test('are ordered by each of five kinds of keys, in both directions', () => {
    expect(orders(filled())).toEqual([
      '1 2 5 | 5 2 1',
      '2 5 1 | 1 5 2',
      '2 1 5 | 5 1 2',
      '2 1 5 | 5 1 2',
      '2 5 1 | 1 5 2',
      '5 1 2 | 2 1 5',
      '6',
    ]);
  });

  test('follow changes of secondary keys', () => {
    const host = filled();
    run(host, 'change', { id: 2, owner: 'zoe', ratio: 7 });
    expect(orders(host)).toEqual([
      '1 2 5 | 5 2 1',
      '5 1 2 | 2 1 5',
      '2 1 5 | 5 1 2',
      '1 2 5 | 5 2 1',
      '2 5 1 | 1 5 2',
      '5 2 1 | 1 2 5',
      '6',
    ]);
  });

  test('lose all keys of a row with the row', () => {
    const host = filled();
    run(host, 'drop', { id: 5 });
    expect(orders(host)).toEqual(['1 2 | 2 1', '2 1 | 1 2', '2 1 | 1 2', '2 1 | 1 2', '2 1 | 1 2', '1 2 | 2 1', '3']);
    expect(() => run(host, 'drop', { id: 5 })).toThrow('no such row');
  });

  test('are empty in all orders before the first row', () => {
    expect(orders(new MockHost())).toEqual([...Array<string>(6).fill('|'), '0']);
  });

  test.each([
    [{ id: 2, owner: 'bob', ratio: 0.5, hash: hash('a') }, '225 551 115 551'],
    [{ id: 3, owner: 'box', ratio: 0.75, hash: hash('b') }, '-55 -11 -55 -11'],
    [{ id: 9, owner: 'zoe', ratio: -3, hash: hash('d') }, '--- --- -22 ---'],
  ])('find, lower and upper bounds of %j are %s', (keys, found) => {
    expect(decode('string', run(filled(), 'lookup', keys).result)).toBe(found);
  });

  test('the same primary key twice is refused, and modifying no row fails', () => {
    const host = filled();
    expect(() => run(host, 'put', rows[0])).toThrow('uniqueness');
    expect(() => run(host, 'change', { id: 77, owner: 'bob', ratio: 0 })).toThrow('cannot pass end iterator to modify');
  });

  test('a singleton starts at its default and keeps its value', () => {
    const host = new MockHost();
    const values = [1, 2, 3].map(() => String(decode('uint64', run(host, 'count').result)));
    expect(values).toEqual(['1', '2', '3']);
    const name = encodeName('counter');
    expect(host.database.row(encodeName('features'), encodeName('features'), name, name)).toEqual(
      Uint8Array.from(pack.u64(3n)),
    );
  });
});

test('inline actions carry their authorization and packed parameters; recipients are told', () => {
  const { inline, notified } = run(new MockHost(), 'forward', { to: 'bob', quantity: '1.0000 XST' });
  expect(notified).toEqual(['bob', 'carol']);
  const level = [1, ...pack.all(pack.name('features'), pack.name('active'))];
  const transfer = pack.all(pack.name('features'), pack.name('bob'), pack.asset('1.0000 XST'), pack.text('forwarded'));
  expect(inline).toHaveLength(2);
  expect(Buffer.from(inline[1]!)).toEqual(
    Buffer.concat([
      pack.name('eosio.token'),
      pack.name('transfer'),
      Uint8Array.from(level),
      Uint8Array.from([transfer.length]),
      transfer,
    ]),
  );
  const put = encode('put', { id: 7, owner: 'bob', big: 1, ratio: 0.5, hash: '00'.repeat(32) });
  expect(Buffer.from(inline[0]!).subarray(16)).toEqual(
    Buffer.concat([Uint8Array.from(level), Uint8Array.from([put.length]), put]),
  );
});

test('notifications reach the handler for the account, or else the one for all', () => {
  const data = pack.all(pack.name('alice'), pack.name('features'), pack.asset('2.50 ABC'), pack.text('thanks'));
  const call = { receiver: 'features', action: 'transfer', data };
  expect(new MockHost().apply(built.wasm, { ...call, code: 'eosio.token' }).console).toBe(
    'paid 2.50 ABC by alice: thanks',
  );
  expect(new MockHost().apply(built.wasm, { ...call, code: 'other.token' }).console).toBe('foreign other.token');
  expect(new MockHost().apply(built.wasm, { ...call, action: 'issue', code: 'other.token' }).console).toBe('');
});

test('containers, algorithms and strings of the standard library work', () => {
  const { result } = run(new MockHost(), 'standard', { numbers: [3, -1, 20] });
  expect(decode('string', result)).toBe('TOTALtotal 22 20! 3! -1! ok');
});

test('printing shows numbers, names, assets and times', () => {
  expect(run(new MockHost(), 'printing').console).toBe(
    'text string 42 18446744073709551615 -7 true alice -1.2345 XST|1 and two| -5 4,XST 2024-08-13T16:01:33 2024-08-13T16:01:33.500 cout bob',
  );
});

test('values of the SDK are as known answers say', () => {
  run(new MockHost(), 'values');
});

test.each([
  [0, 'addition overflow'],
  [1, 'subtraction underflow'],
  [2, 'attempt to add asset with different symbol'],
  [3, 'multiplication overflow'],
  [4, 'divide by zero'],
  [5, 'comparison of assets with different symbols is not allowed'],
  [6, 'string is too long to be a valid name'],
  [7, 'character is not in allowed character set for names'],
  [8, 'thirteenth character in name cannot be a letter that comes after j'],
  [9, 'only uppercase letters allowed in symbol_code string'],
  [10, 'a text made up'],
  [11, 'code 77'],
  [12, 'addition overflow'],
  [13, 'vector'],
  [14, 'abort() called'],
  [15, 'date parsing failed'],
  [99, 'memory access out of bounds'],
])('failure %i ends the action with "%s"', (kind, message) => {
  expect(() => run(new MockHost(), 'failing', { kind })).toThrow(message);
});

test.each([511, 512, 513, 5000])('rows and parameters of about %i bytes are read whole', (size) => {
  const host = new MockHost();
  const data = Buffer.alloc(size - 10, 'ab').toString('hex');
  run(host, 'store', { account: 'alice', data });
  expect(decode('bytes', run(host, 'load', { account: 'alice' }).result)).toBe(data);
});

test('imports come from env only', () => {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(Uint8Array.from(built.wasm)));
  expect(new Set(imports.map(({ module }) => module))).toEqual(new Set(['env']));
});
