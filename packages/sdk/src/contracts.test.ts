import { sha256, toHex } from '@snapscale/crypto';
import { abiSchema, encode, type Json, parseAbi } from '@snapscale/protocol';
import { expect, test } from 'vitest';
import { abiBytes, compareContract } from './contract-comparison.js';
import { assertWasm, planDeploy } from './contracts.js';
import { errorAnswer, fakeNode, info, rawAbi, tokenAbi } from './testing/fake-node.js';

const systemAbi: Json = {
  version: 'eosio::abi/1.0',
  structs: [
    {
      name: 'setcode',
      base: '',
      fields: [
        { name: 'account', type: 'name' },
        { name: 'vmtype', type: 'uint8' },
        { name: 'vmversion', type: 'uint8' },
        { name: 'code', type: 'bytes' },
      ],
    },
    {
      name: 'setabi',
      base: '',
      fields: [
        { name: 'account', type: 'name' },
        { name: 'abi', type: 'bytes' },
      ],
    },
  ],
  actions: ['setcode', 'setabi'].map((name) => ({ name, type: name, ricardian_contract: '' })),
  tables: [],
};
const wasm = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const other = Uint8Array.of(...wasm, 0);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const packedAbi = encode(abiSchema, parseAbi(tokenAbi));

function node(code: Uint8Array, abi: Uint8Array, computed: Json = { action_traces: [] }) {
  return fakeNode({
    get_info: info,
    get_account: { account_name: 'carol', ram_usage: 1000, ram_quota: -1, permissions: [] },
    get_raw_abi: rawAbi('eosio', systemAbi),
    get_raw_code_and_abi: { account_name: 'carol', wasm: base64(code), abi: base64(abi) },
    compute_transaction: { transaction_id: '', processed: computed },
  });
}

test('what is equal is not sent', async () => {
  const { client, requests } = node(wasm, packedAbi);
  const plan = await planDeploy(client, 'carol', { wasm, abi: tokenAbi });
  expect(plan.actions).toEqual([]);
  expect(plan.code).toMatchObject({ changed: false, before: { bytes: 8, hash: toHex(sha256(wasm)) } });
  expect(plan.ram).toEqual({ before: 1000n, after: 1000n, quota: -1n });
  expect(requests.some(({ path }) => path.endsWith('compute_transaction'))).toBe(false);
});

test('a first contract: both parts, with what the chain says about RAM', async () => {
  const deltas = (delta: number | string) => ({
    account_ram_deltas: [
      { account: 'carol', delta },
      { account: 'eve', delta: 7 },
    ],
  });
  const { client } = node(new Uint8Array(0), new Uint8Array(0), { action_traces: [deltas(80), deltas('5000000000')] });
  const plan = await planDeploy(client, 'carol', { wasm, abi: tokenAbi }, ['carol@deploy']);
  expect(plan.actions.map(({ name, authorization }) => [name, authorization])).toEqual([
    ['setcode', ['carol@deploy']],
    ['setabi', ['carol@deploy']],
  ]);
  expect(plan.code.before).toBeUndefined();
  expect(plan.abi.actions).toEqual({ added: ['open', 'transfer'], removed: [], changed: [] });
  expect(plan.ram.after).toBe(5_000_001_080n);
});

test('another version: names of actions that come, go, or take other data', async () => {
  const [transfer, open] = (tokenAbi as { structs: Json[] }).structs;
  const changed = {
    ...(tokenAbi as object),
    structs: [transfer!, { ...(open as object), fields: [] }, { name: 'mint', base: '', fields: [] }],
    actions: [
      { name: 'open', type: 'open', ricardian_contract: '' },
      { name: 'mint', type: 'mint', ricardian_contract: '' },
    ],
  } as Json;
  const { client } = node(wasm, packedAbi);
  const plan = await planDeploy(client, 'carol', { wasm: other, abi: changed });
  expect(plan.abi.actions).toEqual({ added: ['mint'], removed: ['transfer'], changed: ['open'] });
  expect(plan.actions.map(({ name }) => name)).toEqual(['setcode', 'setabi']);
});

test('parts can be left alone or removed', async () => {
  const { client } = node(wasm, packedAbi);
  expect((await planDeploy(client, 'carol', { wasm: other })).actions.map(({ name }) => name)).toEqual(['setcode']);
  const removal = await planDeploy(client, 'carol', { wasm: new Uint8Array(0), abi: null });
  expect([removal.code.after, removal.abi.after]).toEqual([undefined, undefined]);
  expect(removal.abi.actions.removed).toEqual(['open', 'transfer']);
});

test('what the chain would refuse is refused beforehand', async () => {
  const except = {
    code: 3070003,
    name: 'wasm_serialization_error',
    message: 'Serialization Error',
    stack: [{ format: 'bad' }],
  };
  const { client } = node(new Uint8Array(0), new Uint8Array(0), { action_traces: [], except });
  await expect(planDeploy(client, 'carol', { wasm })).rejects.toMatchObject({
    name: 'wasm_serialization_error',
    message: 'bad',
  });
  const unknown = errorAnswer(500, 0, 'exception', 'unknown key (eosio::chain::name): carol');
  const nobody = fakeNode({ get_account: unknown, get_raw_code_and_abi: unknown });
  await expect(planDeploy(nobody.client, 'carol', { wasm })).rejects.toMatchObject({ kind: 'not-found' });
});

test('what the account cannot pay for is told, with how much it would be', async () => {
  const except = {
    code: 3080001,
    name: 'ram_usage_exceeded',
    message: 'Account using more than allotted RAM usage',
    stack: [{ format: 'account carol has insufficient ram; needs 2000 bytes has 1500 bytes' }],
  };
  const { client } = node(wasm, packedAbi, { action_traces: [], except });
  const plan = await planDeploy(client, 'carol', { wasm: other, abi: null });
  expect(plan.refused).toMatchObject({ kind: 'resources', name: 'ram_usage_exceeded' });
  expect(plan.ram.after).toBe(1010n - BigInt(packedAbi.length));
});

test('the fee is what the chain would bill', async () => {
  const { client } = node(wasm, packedAbi, { action_traces: [], bill: { payer: 'carol', cpu_fee: 20, net_fee: '5' } });
  expect((await planDeploy(client, 'carol', { wasm: other })).fee).toBe(25n);
});

test('tables with rows, whose layout changes or which go', async () => {
  const table = (name: string, type: string) => ({ name, type, index_type: 'i64', key_names: [], key_types: [] });
  const abiWith = (tables: Json[]) => ({ ...(tokenAbi as object), tables }) as Json;
  const before = encode(
    abiSchema,
    parseAbi(abiWith([table('kept', 'open'), table('changes', 'open'), table('goes', 'open'), table('empty', 'open')])),
  );
  const scopes: Record<string, Json[]> = {
    changes: [
      { code: 'carol', scope: 'a', table: 'changes', payer: 'carol', count: 2 },
      { code: 'carol', scope: 'b', table: 'changes', payer: 'carol', count: 3 },
    ],
    goes: [{ code: 'carol', scope: 'a', table: 'goes', payer: 'carol', count: 1 }],
    empty: [],
  };
  const { client } = fakeNode({
    get_info: info,
    get_account: { account_name: 'carol', ram_usage: 1000, ram_quota: -1, permissions: [] },
    get_raw_abi: rawAbi('eosio', systemAbi),
    get_raw_code_and_abi: { account_name: 'carol', wasm: base64(wasm), abi: base64(before) },
    compute_transaction: { transaction_id: '', processed: { action_traces: [] } },
    get_table_by_scope: (request) => ({ rows: scopes[String(request.table)] ?? [], more: '' }),
  });
  const plan = await planDeploy(client, 'carol', {
    abi: abiWith([table('kept', 'open'), table('changes', 'transfer'), table('new', 'open')]),
  });
  expect(plan.abi.tables).toEqual({ added: ['new'], removed: ['empty', 'goes'], changed: ['changes'] });
  expect(plan.affectedTables).toEqual([
    { table: 'goes', change: 'removed', entries: 1, scopes: 1 },
    { table: 'changes', change: 'changed', entries: 5, scopes: 2 },
  ]);
});

test('ABIs are checked, whatever their form; code must look like code', () => {
  expect(abiBytes(tokenAbi)).toEqual(packedAbi);
  expect(abiBytes(packedAbi)).toEqual(packedAbi);
  expect(abiBytes(null)).toHaveLength(0);
  expect(() => abiBytes({ ...(tokenAbi as object), actions: [{ name: 'x', type: 'missing' }] })).toThrow();
  expect(() => assertWasm(wasm, 'a.wasm')).not.toThrow();
  expect(() => assertWasm(Uint8Array.of(1, 2, 3, 4), 'a.wasm')).toThrow('a.wasm is not a WebAssembly file');
});

/** Structs of which each has two of the next: written out, the first would have 2^30 fields. */
function nested(last: string): Json {
  const depth = 30;
  const field = (name: string, type: string) => ({ name, type });
  const structs = Array.from({ length: depth }, (_, at) => ({
    name: `s${at}`,
    base: '',
    fields: at === depth - 1 ? [field('x', last)] : [field('a', `s${at + 1}[]`), field('b', `s${at + 1}`)],
  }));
  const actions = ['go', 'stay'].map((name) => ({ name, type: name === 'go' ? 's0' : 'none', ricardian_contract: '' }));
  return { version: 'eosio::abi/1.2', structs: [...structs, { name: 'none', base: '', fields: [] }], actions };
}

test('types that are made of a changed one are changed, however often they are made of it', async () => {
  const { client } = node(wasm, abiBytes(nested('uint8')));
  const { abi } = await compareContract(client, 'carol', { abi: nested('uint16') });
  expect(abi.actions).toEqual({ added: [], removed: [], changed: ['go'] });
  const same = await compareContract(client, 'carol', { abi: nested('uint8') });
  expect(same.abi.actions).toEqual({ added: [], removed: [], changed: [] });
});

test('aliases and variants count, and types in a circle end', async () => {
  const abiWith = (alias: string, choice: string): Json => ({
    version: 'eosio::abi/1.2',
    types: [{ new_type_name: 'money', type: alias }],
    structs: [
      { name: 'pay', base: '', fields: [{ name: 'sum', type: 'money?' }] },
      { name: 'pick', base: '', fields: [{ name: 'one', type: 'either' }] },
      { name: 'tree', base: '', fields: [{ name: 'below', type: 'tree[]' }] },
    ],
    variants: [{ name: 'either', types: ['name', choice] }],
    actions: ['pay', 'pick', 'tree'].map((name) => ({ name, type: name, ricardian_contract: '' })),
  });
  const { client } = node(wasm, abiBytes(abiWith('asset', 'uint8')));
  const changed = async (alias: string, choice: string) =>
    (await compareContract(client, 'carol', { abi: abiWith(alias, choice) })).abi.actions.changed;
  expect(await changed('asset', 'uint8')).toEqual([]);
  expect(await changed('int64', 'uint8')).toEqual(['pay']);
  expect(await changed('asset', 'uint16')).toEqual(['pick']);
});
