/**
 * Calls of host functions with arguments that make them work hard for their price. Every function has at least the case
 * that its parameters suggest; those whose cost depends on what they are given have more.
 */
import { type PrivateKey, publicKeyOf, ripemd160, sha1, sha256, sha512, sign } from '@snapscale/crypto';
import { hostFunctions } from '../../../packages/execution/src/host/table.js';

/** One call, repeated until the gas ends. */
export type PriceCase = {
  readonly function: string;
  /** What is special about the arguments. */
  readonly what: string;
  /** One call; it must leave the stack as it was. Local 0 is a counter (i64) that the loop advances. */
  readonly body: string;
  /** Runs before the loop. */
  readonly setup?: string;
  readonly data?: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  /** The receiver is privileged. */
  readonly privileged?: boolean;
  readonly contextFree?: boolean;
  /** Authorizations of the action. */
  readonly levels?: number;
  readonly actionData?: Uint8Array;
};

/** Functions that end the action, successfully or not: they cannot be repeated. */
const ENDING = new Set(['abort', 'eosio_exit', 'is_feature_active', 'activate_feature']);
/** Functions whose plain case would be refused at once. */
const CUSTOM_ONLY =
  /^(db_|require_auth|check_|get_permission|get_account|send_|set_|get_resource|get_action|is_privileged|get_context_free|assert_|recover_key|preactivate|sha3|read_|mod_exp|blake2_f|bls_|alt_bn128_pair)/;
const BIG = 65_536;

const counter = 'local.get 0';
const name64 = 'i64.const 0x4a4d7a2b5c1e8f30';

/** Arguments by what a parameter is called, then by type. */
function argument(parameter: string, type: string, index: number): string {
  if (type === 'i64') return `i64.const ${0x6d5a_4b3c_2d1e_0f11n + BigInt(index)}`;
  if (type === 'f32') return 'f32.const 1.2345e-30';
  if (type === 'f64') return 'f64.const 1.2345e-300';
  if (/[sS]ize$/.test(parameter)) return 'i32.const 32';
  if (/shift/.test(parameter)) return 'i32.const 61';
  return `i32.const ${4096 * (index + 1)}`;
}

function plain(name: string): PriceCase {
  const { params, paramNames, result } = hostFunctions.find((one) => one.name === name)!;
  const values = params.map((type, i) => argument(paramNames[i]!, type, i));
  return call(name, 'plain', ...values, ...(result === undefined ? [] : []));
}

function call(name: string, what: string, ...values: string[]): PriceCase {
  const { result } = hostFunctions.find((one) => one.name === name)!;
  return { function: name, what, body: `${values.join(' ')} $${name}${result === undefined ? '' : ' drop'}` };
}

const i32 = (value: number) => `i32.const ${value}`;

function bytes(length: number, fill: number | ((i: number) => number)): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (typeof fill === 'number' ? fill : fill(i)));
}

const noise = (i: number) => (i * 197 + 91) & 0xff;

/** All cases, in the order of the functions. */
export function priceCases(): PriceCase[] {
  const plainOnes = hostFunctions
    .filter(({ name }) => !ENDING.has(name) && !CUSTOM_ONLY.test(name))
    .map(({ name }) => plain(name));
  return [
    ...plainOnes,
    ...actionCases(),
    ...authorizationCases(),
    ...databaseCases(),
    ...cryptoCases(),
    ...curveCases(),
    ...memoryCases(),
    ...numberCases(),
    ...privilegedCases(),
  ];
}

function actionCases(): PriceCase[] {
  const big = { actionData: bytes(BIG, 7) };
  return [
    { ...call('read_action_data', '64 KiB', i32(0), i32(BIG)), ...big },
    { ...call('read_action_data', 'size', i32(0), i32(0)), ...big },
    { ...call('read_transaction', '64 KiB', i32(0), i32(BIG)), ...big },
    { ...call('get_action', '64 KiB', i32(1), i32(0), i32(0), i32(0)), ...big },
    { ...call('get_action', '1024 levels', i32(1), i32(0), i32(0), i32(BIG)), levels: 1024 },
    call('get_action', 'small', i32(1), i32(0), i32(0), i32(BIG)),
    call('set_action_return_value', '256', i32(0), i32(256)),
    call('require_auth', 'own', 'local.get 1'),
    call('require_auth2', 'own', 'local.get 1', activeName),
    { ...call('send_context_free_inline', 'to itself', i32(0), i32(18)), setup: ownAction },
    { ...call('send_inline', 'to itself, no authorization', i32(0), i32(18)), setup: ownAction },
    { ...call('require_auth', '1024 levels', 'local.get 1'), levels: 1024 },
    { ...call('has_auth', '1024 levels, absent', name64), levels: 1024 },
    { ...call('require_recipient', 'ever new', counter) },
    { ...call('require_recipient', 'ever the same', 'local.get 1') },
    call('eosio_assert', 'long text', i32(1), i32(1)),
    { ...call('eosio_assert', 'long text', i32(1), i32(1)), data: [{ offset: 0, bytes: bytes(60_000, 65) }] },
    { ...call('send_deferred', 'refused form', i32(64), name64, i32(0), i32(64), i32(0)), data: [emptyTransaction] },
    { ...call('get_context_free_data', 'absent', i32(9), i32(0), i32(32)), contextFree: true },
    call('get_permission_last_used', 'own', 'local.get 1', activeName),
    call('get_account_creation_time', 'own', 'local.get 1'),
  ];
}

const activeName = 'i64.const 0x3232eda800000000';
/** A packed action to the contract itself, without authorizations and data, at 0. */
const ownAction = 'i32.const 0 local.get 1 i64.store i32.const 8 local.get 2 i64.store';
const emptyTransaction = { offset: 0, bytes: new Uint8Array(40) };

function authorizationCases(): PriceCase[] {
  const keys = (count: number) => {
    const packed = [(count & 0x7f) | 0x80, count >> 7];
    for (let i = 0; i < count; i++) packed.push(0, 2, ...bytes(32, (k) => (i * 31 + k * 7) & 0xff));
    return Uint8Array.from(packed);
  };
  const check = (count: number): PriceCase => ({
    ...call(
      'check_permission_authorization',
      `${count} keys that do not fit`,
      'local.get 1',
      activeName,
      i32(0),
      i32(count * 34 + 2),
      i32(0),
      i32(0),
      'i64.const 0',
    ),
    data: [{ offset: 0, bytes: keys(count) }],
  });
  return [
    call(
      'check_permission_authorization',
      'nothing given',
      'local.get 1',
      activeName,
      i32(0),
      i32(0),
      i32(0),
      i32(0),
      'i64.const 0',
    ),
    check(128),
    check(1800),
    {
      ...call('check_transaction_authorization', 'no actions', i32(0), i32(40), i32(0), i32(0), i32(0), i32(0)),
      data: [emptyTransaction],
    },
  ];
}

const ROWS = 300;

/** Rows 0 to 299 of table 7, or index entries of them, before the loop; local 3 counts. */
function filled(store: string): string {
  return `i32.const ${ROWS} local.set 3 loop ${store} drop local.get 3 i32.const 1 i32.sub local.tee 3 br_if 0 end`;
}

const rowOf = 'local.get 3 i64.extend_i32_u';
const someRow = `${counter} i64.const 255 i64.and i64.const 1 i64.add`;
const someIterator = `${counter} i32.wrap_i64 i32.const 255 i32.and`;

function databaseCases(): PriceCase[] {
  const where = 'local.get 1 i64.const 5 i64.const 112';
  const rows = {
    setup: filled(`i64.const 5 i64.const 112 local.get 1 ${rowOf} i32.const 0 i32.const 64 $db_store_i64`),
  };
  const cases: PriceCase[] = [
    call('db_store_i64', 'ever new', 'i64.const 5', 'i64.const 112', 'local.get 1', counter, i32(0), i32(16)),
    call('db_store_i64', 'ever new tables', counter, 'i64.const 112', 'local.get 1', counter, i32(0), i32(16)),
    call('db_store_i64', '60 kB', 'i64.const 5', 'i64.const 112', 'local.get 1', counter, i32(0), i32(60_000)),
    { ...call('db_update_i64', '16 B', someIterator, 'i64.const 0', i32(0), i32(16)), ...rows },
    {
      ...call(
        'db_update_i64',
        'growing and shrinking',
        someIterator,
        'i64.const 0',
        i32(0),
        `${counter} i32.wrap_i64 i32.const 63 i32.and`,
      ),
      ...rows,
    },
    { ...call('db_update_i64', '60 kB', someIterator, 'i64.const 0', i32(0), i32(60_000)), ...rows },
    { ...call('db_get_i64', '64 B', someIterator, i32(0), i32(64)), ...rows },
    { ...call('db_get_i64', 'size', someIterator, i32(0), i32(0)), ...rows },
    { ...call('db_next_i64', 'all over', someIterator, i32(64)), ...rows },
    { ...call('db_previous_i64', 'all over', `${counter} i32.wrap_i64 i32.const 127 i32.and`, i32(64)), ...rows },
    { ...call('db_previous_i64', 'of the end', i32(-2), i32(64)), ...rows },
    { ...call('db_find_i64', 'known rows', where, someRow), ...rows },
    { ...call('db_find_i64', 'absent rows', where, counter), ...rows },
    call('db_find_i64', 'absent tables', 'local.get 1', counter, 'i64.const 112', counter),
    { ...call('db_lowerbound_i64', 'all over', where, someRow), ...rows },
    { ...call('db_upperbound_i64', 'all over', where, someRow), ...rows },
    { ...call('db_end_i64', 'known', where), ...rows },
    call('db_end_i64', 'absent tables', 'local.get 1', counter, 'i64.const 112'),
    {
      function: 'db_remove_i64',
      what: 'store and remove the only row',
      body: `i64.const 5 i64.const 112 local.get 1 ${counter} i32.const 0 i32.const 16 $db_store_i64 $db_remove_i64`,
    },
    {
      function: 'db_lowerbound_i64',
      what: 'insert, then iterate',
      body: `i64.const 5 i64.const 112 local.get 1 ${counter} i32.const 0 i32.const 16 $db_store_i64 drop ${where} i64.const 0 $db_lowerbound_i64 drop`,
    },
  ];
  for (const [family, count] of [
    ['idx64', 0],
    ['idx128', 0],
    ['idx256', 2],
    ['idx_double', 0],
    ['idx_long_double', 0],
  ] as const) {
    cases.push(...indexCases(`db_${family}`, count));
  }
  return cases;
}

function indexCases(family: string, words: number): PriceCase[] {
  const key = (address: number) => [i32(address), ...(words > 0 ? [i32(words)] : [])];
  /** Puts the counter where the key lies, so that keys differ. */
  const newKey = `i32.const 64 ${counter} i64.store`;
  const where = ['local.get 1', 'i64.const 5', 'i64.const 112'];
  const store = ['i64.const 5', 'i64.const 112', 'local.get 1'];
  const entries = {
    setup: filled(`i32.const 64 ${rowOf} i64.store ${store.join(' ')} ${rowOf} ${key(64).join(' ')} $${family}_store`),
  };
  const withKey = (one: PriceCase): PriceCase => ({ ...one, body: `${newKey} ${one.body}` });
  const keyed = (suffix: string, what: string, ...values: string[]) =>
    withKey(call(`${family}_${suffix}`, what, ...values));
  return [
    keyed('store', 'ever new', ...store, counter, ...key(64)),
    { ...keyed('update', 'moving', someIterator, 'i64.const 0', ...key(64)), ...entries },
    { ...call(`${family}_update`, 'in place', someIterator, 'i64.const 0', ...key(64)), ...entries },
    { ...keyed('find_secondary', 'all over', ...where, ...key(64), i32(128)), ...entries },
    { ...call(`${family}_find_primary`, 'all over', ...where, ...key(128), someRow), ...entries },
    { ...call(`${family}_lowerbound`, 'of the first', ...where, ...key(192), i32(256)), ...entries },
    { ...keyed('lowerbound', 'all over', ...where, ...key(64), i32(128)), ...entries },
    { ...keyed('upperbound', 'all over', ...where, ...key(64), i32(128)), ...entries },
    { ...call(`${family}_end`, 'known', ...where), ...entries },
    { ...call(`${family}_next`, 'all over', someIterator, i32(128)), ...entries },
    { ...call(`${family}_previous`, 'of the end', i32(-2), i32(128)), ...entries },
    {
      function: `${family}_remove`,
      what: 'store and remove the only entry',
      body: `${newKey} ${store.join(' ')} ${counter} ${key(64).join(' ')} $${family}_store $${family}_remove`,
    },
  ];
}

function cryptoCases(): PriceCase[] {
  const cases: PriceCase[] = [...signatureCases(), ...assertedHashCases()];
  for (const hash of ['sha256', 'sha1', 'sha512', 'ripemd160']) {
    for (const size of [0, 32, 60_000]) cases.push(call(hash, `${size} B`, i32(0), i32(size), i32(64_000)));
  }
  for (const keccak of [0, 1]) {
    for (const size of [0, 60_000]) {
      cases.push(call('sha3', `${size} B, keccak ${keccak}`, i32(0), i32(size), i32(64_000), i32(32), i32(keccak)));
    }
  }
  return cases;
}

/** A digest at 0, its signature at 64, its key at 256. */
function signatureCases(): PriceCase[] {
  return (['K1', 'R1'] as const).flatMap((type) => {
    const key: PrivateKey = { type, secret: bytes(32, 7) };
    const digest = bytes(32, noise);
    const signature = sign(key, digest);
    const data = [
      { offset: 0, bytes: digest },
      { offset: 64, bytes: signature },
      { offset: 256, bytes: publicKeyOf(key) },
    ];
    return [
      { ...call('recover_key', type, i32(0), i32(64), i32(66), i32(512), i32(64)), data },
      { ...call('assert_recover_key', type, i32(0), i32(64), i32(66), i32(256), i32(34)), data },
    ];
  });
}

function assertedHashCases(): PriceCase[] {
  const hashes = { sha256, sha1, sha512, ripemd160 };
  return Object.entries(hashes).flatMap(([name, hash]) =>
    [32, 60_000].map((size) => ({
      ...call(`assert_${name}`, `${size} B`, i32(0), i32(size), i32(64_000)),
      data: [{ offset: 64_000, bytes: hash(new Uint8Array(size)) }],
    })),
  );
}

function curveCases(): PriceCase[] {
  const cases: PriceCase[] = [];
  const ones = [{ offset: 0, bytes: bytes(60_000, 0xff) }];
  const modExp = (base: number, exponent: number, modulus: number): PriceCase => ({
    ...call(
      'mod_exp',
      `${base}, ${exponent}, ${modulus} B`,
      i32(0),
      i32(base),
      i32(4096),
      i32(exponent),
      i32(8192),
      i32(modulus),
      i32(16_384),
      i32(modulus),
    ),
    data: ones,
  });
  for (const sizes of [
    [1, 1, 1],
    [32, 32, 32],
    [64, 64, 64],
    [128, 3, 128],
    [256, 256, 256],
    [1024, 1, 1024],
    [4096, 1, 32],
    [32, 2048, 32],
    [0, 32, 32],
  ]) {
    cases.push(modExp(sizes[0]!, sizes[1]!, sizes[2]!));
  }
  for (const rounds of [0, 1, 12, 4000]) {
    cases.push(
      call(
        'blake2_f',
        `${rounds} rounds`,
        i32(rounds),
        i32(0),
        i32(64),
        i32(64),
        i32(128),
        i32(256),
        i32(8),
        i32(264),
        i32(8),
        i32(1),
        i32(512),
        i32(64),
      ),
    );
  }
  const zeros = (name: string, size: number, count: number, out: number, scalar = 0) =>
    call(
      name,
      `${count} at infinity`,
      i32(0),
      i32(size * count),
      i32(16_384),
      i32(scalar * count),
      i32(count),
      i32(40_000),
      i32(out),
    );
  for (const count of [0, 1, 16, 80]) {
    cases.push(zeros('bls_g1_weighted_sum', 96, count, 96, 32));
    cases.push(zeros('bls_g2_weighted_sum', 192, count, 192, 32));
    cases.push(zeros('bls_pairing', 96, count, 576, 192));
    cases.push(call('alt_bn128_pair', `${count} at infinity`, i32(0), i32(192 * count)));
  }
  const two = (name: string, size: number) =>
    call(name, 'infinity', i32(0), i32(size), i32(1024), i32(size), i32(2048), i32(size));
  cases.push(two('bls_g1_add', 96), two('bls_g2_add', 192));
  cases.push(
    {
      ...call('bls_g1_map', 'small', i32(0), i32(48), i32(1024), i32(96)),
      data: [{ offset: 0, bytes: bytes(40, noise) }],
    },
    {
      ...call('bls_g2_map', 'small', i32(0), i32(96), i32(1024), i32(192)),
      data: [{ offset: 0, bytes: bytes(40, noise) }],
    },
    { ...call('bls_fp_mod', 'ones', i32(0), i32(64), i32(1024), i32(48)), data: ones },
    {
      ...call('bls_fp_mul', 'small', i32(0), i32(48), i32(64), i32(48), i32(1024), i32(48)),
      data: [{ offset: 0, bytes: bytes(40, noise) }],
    },
    {
      ...call('bls_fp_exp', 'ones', i32(0), i32(48), i32(64), i32(64), i32(1024), i32(48)),
      data: [
        { offset: 0, bytes: bytes(40, noise) },
        { offset: 64, bytes: bytes(64, 0xff) },
      ],
    },
  );
  return cases;
}

function memoryCases(): PriceCase[] {
  const cases: PriceCase[] = [];
  for (const size of [0, 1, 31, 32, 1024, 30_000]) {
    cases.push(
      call('memcpy', `${size} B`, i32(0), i32(32_768), i32(size)),
      call('memmove', `${size} B`, i32(0), i32(1), i32(size)),
      call('memset', `${size} B`, i32(0), i32(65), i32(size)),
      call('memcmp', `${size} B`, i32(0), i32(32_768), i32(size)),
    );
  }
  const fills: readonly (readonly [string, Uint8Array])[] = [
    ['ASCII', bytes(60_000, 65)],
    ['zeros', bytes(60_000, 0)],
    ['invalid UTF-8', bytes(60_000, 0xff)],
    ['wide UTF-8', bytes(60_000, (i) => [0xf0, 0x9f, 0x98, 0x80][i % 4]!)],
    ['torn UTF-8', bytes(60_000, (i) => [0xf0, 0x9f][i % 2]!)],
  ];
  for (const [what, fill] of fills) {
    const data = [{ offset: 0, bytes: fill }];
    cases.push({ ...call('prints_l', `60 kB ${what}`, i32(0), i32(60_000)), data });
    cases.push({ ...call('prints_l', `100 B ${what}`, i32(0), i32(100)), data });
    if (what !== 'zeros') cases.push({ ...call('prints', `60 kB ${what}`, i32(0)), data });
  }
  cases.push(call('printhex', '60 kB', i32(0), i32(60_000)), call('printhex', '1 B', i32(0), i32(1)));
  return cases;
}

function numberCases(): PriceCase[] {
  const cases: PriceCase[] = [];
  const patterns: readonly (readonly [string, string, string])[] = [
    ['ones', 'i64.const -1', 'i64.const 0x3fffffffffffffff'],
    ['least', 'i64.const 1', 'i64.const 0'],
    ['greatest', 'i64.const -1', 'i64.const 0x7ffeffffffffffff'],
    ['NaN', 'i64.const 1', 'i64.const 0x7fff800000000000'],
    ['odd', 'i64.const 0x123456789abcdef1', 'i64.const 0x4123456789abcdef'],
  ];
  for (const { name, params, result } of hostFunctions) {
    if (!/^__/.test(name) || !params.includes('i64')) continue;
    for (const [what, low, high] of patterns) {
      if (/div|mod/.test(name) && what === 'least') continue;
      let word = 0;
      const values = params.map((type) => {
        if (type === 'i64') return word++ % 2 === 0 ? low : high;
        return type === 'i32' ? 'i32.const 127' : '';
      });
      const pointer = /^(i32)$/.test(params[0]!) ? ['i32.const 1024', ...values.slice(1)] : values;
      cases.push({ function: name, what, body: `${pointer.join(' ')} $${name}${result === undefined ? '' : ' drop'}` });
    }
  }
  for (const value of ['5e-324', '1.7976931348623157e308', '0.1', 'nan', '-0']) {
    cases.push(call('printdf', value, `f64.const ${value === 'nan' ? '0x7ff8000000000000' : value}`));
  }
  for (const value of ['1e-45', '3.4e38', '0.1']) cases.push(call('printsf', value, `f32.const ${value}`));
  const quads: readonly (readonly [string, readonly number[]])[] = [
    ['least', [1, 0]],
    ['tiny', [0xffff, 0x0001]],
    ['greatest', [0xffff, 0x7ffe]],
    ['near 1', [0x1234, 0x3fff]],
  ];
  for (const [what, [mantissa, exponent]] of quads) {
    const image = new Uint8Array(16).fill(mantissa! & 0xff, 0, 14);
    if (what === 'least') image.fill(0, 1);
    new DataView(image.buffer).setUint16(14, exponent!, true);
    cases.push({ ...call('printqf', what, i32(0)), data: [{ offset: 0, bytes: image }] });
  }
  cases.push({ ...call('printi128', 'ones', i32(0)), data: [{ offset: 0, bytes: bytes(15, 0xff) }] });
  return cases;
}

function privilegedCases(): PriceCase[] {
  const privileged = { privileged: true };
  return [
    { ...call('is_privileged', 'own', 'local.get 1'), ...privileged },
    { ...call('set_privileged', 'own', 'local.get 1', i32(1)), ...privileged },
    { ...call('get_resource_limits', 'own', 'local.get 1', i32(64), i32(72), i32(80)), ...privileged },
    {
      ...call('set_resource_limits', 'own', 'local.get 1', 'i64.const -1', 'i64.const -1', 'i64.const -1'),
      ...privileged,
    },
    { ...call('get_blockchain_parameters_packed', 'all', i32(0), i32(128)), ...privileged },
    { ...call('get_wasm_parameters_packed', 'all', i32(0), i32(128), i32(0)), ...privileged },
    {
      function: 'set_blockchain_parameters_packed',
      what: 'as they are',
      setup: 'i32.const 0 i32.const 128 $get_blockchain_parameters_packed drop',
      body: 'i32.const 0 i32.const 68 $set_blockchain_parameters_packed',
      ...privileged,
    },
  ];
}
