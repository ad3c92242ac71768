/**
 * A contract with one table under every kind of secondary index, a return value, and a check of context-free data.
 * No npm package ships one; it is assembled here, byte by byte as a C++ contract would lay its rows out.
 */
import { type Abi, name, parseAbi } from '@snapscale/protocol';
import { applyFunction, assemble } from '../../packages/execution/src/wasm/testing/assembler.js';

const fields = [
  ['id', 'uint64'],
  ['owner', 'name'],
  ['k64', 'uint64'],
  ['k128', 'uint128'],
  ['k256', 'checksum256'],
  ['kf', 'float64'],
  ['kq', 'float128'],
  ['k160', 'checksum160'],
] as const;

/** Packed size of a row, and where its fields begin. */
const ROW_BYTES = 116;
const at = { owner: 8, k64: 16, k128: 24, k256: 40, kf: 72, kq: 80, k160: 96 } as const;

/** Where the code keeps the action's data, and the words of 256-bit keys. */
const DATA = 1024;
const WORDS_256 = 2048;
const WORDS_160 = 2112;
/** What `cfcheck` expects as its context-free data: eight bytes. */
export const contextFreeSecret = 0x1122334455667788n;

export const indexAbi: Abi = parseAbi({
  version: 'eosio::abi/1.2',
  types: [],
  structs: [
    { name: 'row', base: '', fields: fields.map(([field, type]) => ({ name: field, type })) },
    { name: 'put', base: 'row', fields: [] },
    { name: 'answer', base: '', fields: [{ name: 'question', type: 'uint32' }] },
    { name: 'cfcheck', base: '', fields: [] },
    { name: 'tell', base: '', fields: [{ name: 'whom', type: 'name' }] },
  ],
  actions: ['put', 'answer', 'cfcheck', 'tell'].map((action) => ({
    name: action,
    type: action,
    ricardian_contract: '',
  })),
  tables: [{ name: 'rows', index_type: 'i64', key_names: ['id'], key_types: ['uint64'], type: 'row' }],
  ricardian_clauses: [],
  error_messages: [],
  abi_extensions: [],
  variants: [],
  action_results: [{ name: 'answer', result_type: 'uint32' }],
});

const imports = {
  read_action_data: 'i32 i32>i32',
  db_store_i64: 'i64 i64 i64 i64 i32 i32>i32',
  db_idx64_store: 'i64 i64 i64 i64 i32>i32',
  db_idx128_store: 'i64 i64 i64 i64 i32>i32',
  db_idx256_store: 'i64 i64 i64 i64 i32 i32>i32',
  db_idx_double_store: 'i64 i64 i64 i64 i32>i32',
  db_idx_long_double_store: 'i64 i64 i64 i64 i32>i32',
  set_action_return_value: 'i32 i32>',
  get_context_free_data: 'i32 i32 i32>i32',
  eosio_assert: 'i32 i32>',
  require_recipient: 'i64>',
} as const;

const call = (fn: keyof typeof imports) => `call ${Object.keys(imports).indexOf(fn)}`;
const REVERSE = `call ${Object.keys(imports).length}`;

/** Copies sixteen bytes in the opposite order: (destination, source). */
const reverse = {
  params: 'i32 i32',
  locals: 'i32',
  code: `loop
    local.get 0 i32.const 15 i32.add local.get 2 i32.sub
    local.get 1 local.get 2 i32.add i32.load8_u i32.store8
    local.get 2 i32.const 1 i32.add local.tee 2 i32.const 16 i32.lt_u br_if 0 end`,
};

/** scope, table (with the number of the index), payer and primary key, as every store function wants them first. */
const place = (index: number) =>
  `local.get 0 i64.const ${name('rows') | BigInt(index)} local.get 0 i32.const ${DATA} i64.load`;

const storeIndex = (fn: keyof typeof imports, index: number, pointer: number, count = '') =>
  `${place(index)} i32.const ${pointer} ${count} ${call(fn)} drop`;

const on = (action: string, code: string) => `local.get 2 i64.const ${name(action)} i64.eq if ${code} end`;

const put = `i32.const ${DATA} i32.const ${ROW_BYTES} ${call('read_action_data')} drop
  ${place(0)} i32.const ${DATA} i32.const ${ROW_BYTES} ${call('db_store_i64')} drop
  ${[0, 16].map((i) => `i32.const ${WORDS_256 + i} i32.const ${DATA + at.k256 + i} ${REVERSE}`).join(' ')}
  ${[0, 16].map((i) => `i32.const ${WORDS_160 + i} i32.const ${DATA + at.k160 + i} ${REVERSE}`).join(' ')}
  ${storeIndex('db_idx64_store', 0, DATA + at.k64)}
  ${storeIndex('db_idx128_store', 1, DATA + at.k128)}
  ${storeIndex('db_idx256_store', 2, WORDS_256, 'i32.const 2')}
  ${storeIndex('db_idx_double_store', 3, DATA + at.kf)}
  ${storeIndex('db_idx_long_double_store', 4, DATA + at.kq)}
  ${storeIndex('db_idx256_store', 5, WORDS_160, 'i32.const 2')}
  ${storeIndex('db_idx64_store', 6, DATA + at.owner)}`;

const answer = `i32.const ${DATA} i32.const 4 ${call('read_action_data')} drop
  i32.const ${DATA} i32.const ${DATA} i32.load i32.const 1 i32.add i32.store
  i32.const ${DATA} i32.const 4 ${call('set_action_return_value')}`;

const checkContextFree = `i32.const 0 i32.const ${DATA} i32.const 8 ${call('get_context_free_data')} i32.const 8 i32.eq
  i32.const ${DATA} i64.load i64.const ${contextFreeSecret} i64.eq i32.and
  i32.const 16 ${call('eosio_assert')}`;

const tell = `i32.const ${DATA} i32.const 8 ${call('read_action_data')} drop
  i32.const ${DATA} i64.load ${call('require_recipient')}`;

/** The compiled contract. Its `apply` does nothing when it is only notified. */
export const indexWasm: Uint8Array = assemble({
  imports,
  memory: { initial: 1, maximum: undefined },
  data: [{ offset: 16, bytes: new TextEncoder().encode('not the secret\0') }],
  functions: [
    reverse,
    applyFunction(
      `local.get 0 local.get 1 i64.eq if
        ${on('put', put)} ${on('answer', answer)} ${on('cfcheck', checkContextFree)} ${on('tell', tell)}
      end`,
    ),
  ],
});
