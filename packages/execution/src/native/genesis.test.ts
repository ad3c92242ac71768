import {
  compileAbi,
  decode,
  decodeAbi,
  decodeType,
  defaultChainConfig,
  defaultSnapParameters,
  formatAbi,
  type Name,
  name,
  names,
  type Schema,
  snakeCase,
  tableType,
} from '@snapscale/protocol';
import { ABI, Serializer } from '@wharfkit/antelope';
import { describe, expect, it } from 'vitest';
import { isValidAuthority } from '../authorization/authority-rules.js';
import { AuthorityChecker } from '../authorization/satisfy.js';
import { getChainConfig, getSchedule } from '../chain/chain-records.js';
import { tableId } from '../state/keys.js';
import { MemoryState } from '../state/memory-state.js';
import { getAbiBytes, getAccount, getPermission, getResources, getRow, getTable } from '../state/records.js';
import { WorkingState } from '../state/working-state.js';
import * as data from './action-data.js';
import { feesAbi } from './fees/fees-abi.js';
import { getParameters } from './fees/parameters.js';
import { credits, rewards, sponsors } from './fees/tables.js';
import { applyGenesis } from './genesis.js';
import { nativeHandlers } from './handlers.js';
import { updateProducersAuthority } from './producers-authority.js';
import { systemAbi } from './system-abi.js';
import { initialKeyNumber, level, TestLedger, testKey } from './test-support.js';

const satisfiedBy = (state: WorkingState, text: string, keys: number[], permissions: string[] = []) =>
  new AuthorityChecker(state, {
    keys: keys.map(testKey),
    permissions: permissions.map(level),
    delaySec: 0,
    maxDepth: 6,
  }).satisfied(level(text));

describe('applyGenesis', () => {
  const { state } = new TestLedger();

  it('creates the accounts that the protocol knows', () => {
    expect(getAccount(state, names.eosio)).toMatchObject({ privileged: true, createdSlot: 1 });
    for (const account of ['eosio.null', 'eosio.prods', 'snap.fees', 'snap.fund']) {
      expect(getAccount(state, name(account))).toMatchObject({ privileged: false });
    }
    expect(getResources(state, names.eosio).ramUsage).toBe(2724n);
    expect(getResources(state, names.eosioNull).ramUsage).toBe(2048n + 576n);
  });

  it('gives them to the initial key, and the fees to nobody', () => {
    const key = [initialKeyNumber];
    expect(satisfiedBy(state, 'eosio@owner', key)).toBe(true);
    expect(satisfiedBy(state, 'eosio.prods@active', key)).toBe(true);
    expect(satisfiedBy(state, 'eosio.prods@prod.minor', key)).toBe(true);
    expect(satisfiedBy(state, 'snap.fund', key)).toBe(true);
    for (const text of ['eosio.null', 'eosio.null@owner', 'eosio.prods@owner', 'snap.fees', 'snap.fees@owner']) {
      expect(satisfiedBy(state, text, key)).toBe(false);
    }
    expect(satisfiedBy(state, 'snap.fees', [], ['snap.fees@eosio.code'])).toBe(true);
  });

  it('records configuration, parameters and a schedule of one', () => {
    expect(getChainConfig(state)).toEqual(defaultChainConfig);
    expect(getParameters(state)).toEqual(defaultSnapParameters);
    expect(getSchedule(state)).toEqual({
      version: 0,
      producers: [{ name: names.eosio, key: testKey(initialKeyNumber) }],
    });
  });

  it('stores the ABIs of its two native contracts', () => {
    expect(decodeAbi(getAbiBytes(state, names.eosio)!).actions.map(({ type }) => type)).toContain('newaccount');
    expect(decodeAbi(getAbiBytes(state, names.snapFees)!).tables.map(({ type }) => type)).toContain('credit');
  });

  it('refuses parameters that do not add up', () => {
    const genesis = {
      initialSlot: 1,
      initialKey: testKey(1),
      producers: [],
      config: defaultChainConfig,
      parameters: { ...defaultSnapParameters, fundShare: 1 },
    };
    expect(() => applyGenesis(new WorkingState(new MemoryState()), genesis)).toThrow(
      /sum up to 10000 basis points, not 10001/,
    );
  });
});

describe('updateProducersAuthority', () => {
  const thresholds = (count: number) => {
    const { state } = new TestLedger();
    const producers = Array.from({ length: count }, (_, i) => ({
      name: name(`prod${'zyxwvutsrqponmlkjihgfedcba'[i]}`),
      key: testKey(i + 1),
    }));
    updateProducersAuthority(state, { version: 1, producers });
    return (['active', 'prod.major', 'prod.minor'] as const).map((permission) => {
      const { authority } = getPermission(state, names.eosioProds, name(permission))!;
      expect(isValidAuthority(authority)).toBe(true);
      expect(authority.accounts).toHaveLength(count);
      return authority.threshold;
    });
  };
  it.each([
    [1, [1, 1, 1]],
    [2, [2, 2, 1]],
    [3, [3, 2, 2]],
    [4, [3, 3, 2]],
    [21, [15, 11, 8]],
  ])('%i producers', (count, expected) => expect(thresholds(count)).toEqual(expected));
});

describe('ABIs', () => {
  type StructSchema = Schema<never> & { readonly fields: Readonly<Record<string, Schema<never>>> };
  const alias = new Map(systemAbi.types.map(({ newTypeName, type }) => [newTypeName, type]));

  it('describe the native actions of eosio as their schemas do', () => {
    const schemas = Object.values(data).filter(
      (value): value is typeof value & StructSchema => typeof value === 'object' && 'fields' in value,
    );
    expect(schemas).toHaveLength(8);
    for (const { name: type, fields } of schemas) {
      const struct = systemAbi.structs.find((candidate) => candidate.name === type)!;
      const described = struct.fields.map((field) => `${field.name}: ${alias.get(field.type) ?? field.type}`);
      expect(described).toEqual(Object.entries(fields).map(([field, schema]) => `${snakeCase(field)}: ${schema.name}`));
    }
  });

  it.each([
    [names.eosio, systemAbi],
    [names.snapFees, feesAbi()],
  ])('name every native action, %#', (account: Name, abi) => {
    const described = abi.actions.map((action) => action.name).sort();
    expect(described).toEqual([...nativeHandlers.get(account)!.keys()].sort());
  });

  it('let clients encode what the native actions read', () => {
    const key = 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV';
    const authority = {
      threshold: 2,
      keys: [{ key, weight: 1 }],
      accounts: [{ permission: { actor: 'bob', permission: 'eosio.code' }, weight: 1 }],
      waits: [{ wait_sec: 5, weight: 1 }],
    };
    const json = { creator: 'alice', name: 'carol', owner: authority, active: authority };
    const encoded = Serializer.encode({
      object: json,
      type: 'newaccount',
      abi: ABI.from(formatAbi(systemAbi) as object),
    });
    const decoded = decode(data.newAccountSchema, encoded.array);
    expect(data.newAccountSchema.toJson(decoded)).toEqual(json);
  });

  it('let clients read the rows of snap.fees', () => {
    const { state } = new TestLedger();
    credits.put(state, names.eosio, {
      owner: names.eosio,
      credit: 15n,
      deposit: 0n,
      sponsored: 7n,
      sponsor: names.eosioProds,
    });
    rewards.put(state, names.eosio, { owner: names.eosio, balance: 10_000n, lastServed: 2 });
    sponsors.put(state, names.eosio, {
      account: names.eosio,
      sponsor: names.eosioProds,
      cap: 1n,
      periodSec: 60,
      periodStart: 2,
      used: 0n,
    });
    const abi = compileAbi(decodeAbi(getAbiBytes(state, names.snapFees)!));
    const read = (table: string, key: Name) => {
      const row = getRow(state, tableId(names.snapFees, names.snapFees, name(table)), key)!;
      expect(row.payer).toBe(names.snapFees);
      return decodeType(abi, tableType(abi, name(table))!, row.data);
    };
    expect(read('credits', names.eosio)).toEqual({
      owner: 'eosio',
      credit: '0.0015 XST',
      deposit: '0.0000 XST',
      sponsored: '0.0007 XST',
      sponsor: 'eosio.prods',
    });
    expect(read('rewards', names.eosio)).toEqual({
      owner: 'eosio',
      balance: '1.0000 XST',
      last_served: '2000-01-01T00:00:01.000',
    });
    expect(read('sponsors', names.eosio)).toMatchObject({
      cap: '0.0001 XST',
      period_sec: 60,
      period_start: '2000-01-01T00:00:01.000',
    });
    expect(read('params', name('params'))).toMatchObject({
      cpu_price: 0,
      producer_share: 1000,
      gas_per_microsecond: 1000,
    });
    expect(getTable(state, tableId(names.snapFees, names.snapFees, name('credits')))).toEqual({
      count: 1,
      payer: names.snapFees,
    });
    credits.remove(state, names.eosio);
    expect(getTable(state, tableId(names.snapFees, names.snapFees, name('credits')))).toBeUndefined();
  });
});
