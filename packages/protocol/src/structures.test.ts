/** JSON shapes and helpers of blocks, schedules, traces and the genesis. */
import { fromHex, parsePublicKey, sha256, toHex } from '@snapscale/crypto';
import { describe, expect, it } from 'vitest';
import {
  type ActionTrace,
  actionTraceSchema,
  blockDigest,
  blockId,
  blockNumOf,
  chainConfigParameters,
  chainConfigSchema,
  chainConfigV0Schema,
  chainIdOf,
  DecodeError,
  decode,
  defaultChainConfig,
  defaultSnapParameters,
  encode,
  FormatError,
  formatName,
  type Genesis,
  genesisSchema,
  limits,
  name,
  names,
  packedTransactionDigest,
  packTransaction,
  producerAuthoritySchema,
  producerKeysSchema,
  receiptDigest,
  rejectionSchema,
  scheduleFromJson,
  scheduleToJson,
  stateRootExtension,
  stateRootOf,
  systemToken,
  type TransactionTrace,
  transactionReceiptSchema,
  transactionTraceSchema,
} from './index.js';
import { Random } from './testing/random.js';
import { makeHeader, makeTransaction, makeTransactionTrace } from './testing/samples.js';

const devKey = parsePublicKey('EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV');

describe('a block', () => {
  it('has its number in its id', () => {
    const header = { ...makeHeader(new Random(1)), previous: fromHex('fffffffe'.padEnd(64, '0')) };
    const id = blockId(header);
    expect(blockNumOf(id)).toBe(0xffffffff);
    expect(toHex(id.subarray(4))).toBe(toHex(blockDigest(header).subarray(4)));
  });

  it('may carry a state root', () => {
    const header = makeHeader(new Random(2));
    const root = new Uint8Array(32).fill(9);
    expect(stateRootOf({ ...header, headerExtensions: [] })).toBeUndefined();
    expect(stateRootOf({ ...header, headerExtensions: [{ type: stateRootExtension, data: root }] })).toBe(root);
  });

  it('commits to a transaction by its id or by a digest that survives pruning', () => {
    const packed = packTransaction(makeTransaction(new Random(3)), []);
    const base = { status: 0, cpuUsageUs: 100, netUsageWords: 12 } as const;
    const byId = receiptDigest({ ...base, transaction: { kind: 'id', id: new Uint8Array(32) } });
    expect(toHex(byId)).toBe(toHex(sha256(fromHex(`00640000000c${'00'.repeat(32)}`))));
    const digest = packedTransactionDigest(packed);
    const inBlock = receiptDigest({ ...base, transaction: { kind: 'packed', packed } });
    expect(toHex(inBlock)).toBe(toHex(sha256(fromHex(`00640000000c${toHex(digest)}`))));
  });

  it('shows receipts as ids or objects, and reads the indexed form too', () => {
    const id = '11'.repeat(32);
    const json = { status: 'hard_fail', cpu_usage_us: 1, net_usage_words: 0, trx: id };
    const receipt = transactionReceiptSchema.fromJson(json);
    expect(receipt).toMatchObject({ status: 2, transaction: { kind: 'id' } });
    expect(transactionReceiptSchema.toJson(receipt)).toEqual(json);
    expect(transactionReceiptSchema.fromJson({ ...json, trx: [0, id] })).toEqual(receipt);
    expect(() => transactionReceiptSchema.fromJson({ ...json, status: 'maybe' })).toThrow(FormatError);
  });
});

describe('a schedule', () => {
  const schedule = { version: 3, producers: [{ name: name('alice'), key: devKey }] };
  const legacy = {
    version: 3,
    producers: [{ producer_name: 'alice', block_signing_key: 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV' }],
  };

  it('shows keys as authorities, and reads both forms', () => {
    const json = scheduleToJson(schedule);
    const authority = [0, { threshold: 1, keys: [{ key: legacy.producers[0]!.block_signing_key, weight: 1 }] }];
    expect(json).toEqual({ version: 3, producers: [{ producer_name: 'alice', authority }] });
    expect(scheduleFromJson(json)).toEqual(schedule);
    expect(scheduleFromJson(legacy)).toEqual(schedule);
    expect(() => scheduleFromJson({ version: 1, producers: 5 })).toThrow(FormatError);
    const two = { threshold: 1, keys: [{ key: legacy.producers[0]!.block_signing_key, weight: 1 }] };
    two.keys.push(two.keys[0]!);
    expect(() => scheduleFromJson({ version: 1, producers: [{ producer_name: 'a', authority: [0, two] }] })).toThrow(
      'exactly one key',
    );
  });

  it('has the bytes that set_proposed_producers takes', () => {
    const bytes = encode(producerKeysSchema, schedule.producers);
    expect(toHex(bytes)).toBe(`010000000000855c34${toHex(devKey)}`);
    const withAuthority = encode(producerAuthoritySchema, {
      name: name('alice'),
      authority: { threshold: 1, keys: [{ key: devKey, weight: 1 }] },
    });
    expect(toHex(withAuthority)).toBe(`0000000000855c34000100000001${toHex(devKey)}0100`);
    expect(() =>
      decode(
        producerAuthoritySchema,
        Uint8Array.from([...withAuthority.subarray(0, 8), 1, ...withAuthority.subarray(9)]),
      ),
    ).toThrow(DecodeError);
  });
});

describe('a trace', () => {
  const action: ActionTrace = {
    actionOrdinal: 1,
    creatorActionOrdinal: 0,
    closestUnnotifiedAncestorActionOrdinal: 0,
    receiver: name('eosio.token'),
    action: { account: name('eosio.token'), name: name('transfer'), authorization: [], data: fromHex('00ff') },
    contextFree: false,
    elapsedUs: 37,
    console: 'hi',
    accountRamDeltas: [{ account: name('alice'), delta: -240n }],
    returnValue: fromHex('2a'),
    except: {
      code: 'eosio_assert_code_exception',
      message: 'assertion failure with error code: 18446744073709551615',
      evidence: { error_code: '18446744073709551615' },
    },
  };
  const trace: TransactionTrace = {
    id: new Uint8Array(32),
    blockNum: 7,
    slot: 1,
    status: 2,
    cpuUsageUs: 100,
    netUsageWords: 16,
    elapsedUs: 50,
    netUsageBytes: 128,
    actionTraces: [action],
    bill: { payer: name('alice'), cpuFee: 1n, netFee: 2n, edge: name('') },
    except: action.except,
  };

  it('shows as the answer of send_transaction', () => {
    const except = {
      code: 3050004,
      name: 'eosio_assert_code_exception',
      message: 'eosio_assert_code assertion failure',
      stack: [
        {
          context: expect.any(Object),
          format: 'assertion failure with error code: 18446744073709551615',
          data: { error_code: '18446744073709551615' },
        },
      ],
    };
    expect(transactionTraceSchema.toJson(trace)).toEqual({
      id: '0'.repeat(64),
      block_num: 7,
      block_time: '2000-01-01T00:00:00.500',
      producer_block_id: null,
      receipt: { status: 'hard_fail', cpu_usage_us: 100, net_usage_words: 16 },
      elapsed: 50,
      net_usage: 128,
      scheduled: false,
      action_traces: [
        {
          action_ordinal: 1,
          creator_action_ordinal: 0,
          closest_unnotified_ancestor_action_ordinal: 0,
          receipt: null,
          receiver: 'eosio.token',
          act: { account: 'eosio.token', name: 'transfer', authorization: [], data: '00ff' },
          context_free: false,
          elapsed: 37,
          console: 'hi',
          trx_id: '0'.repeat(64),
          block_num: 7,
          block_time: '2000-01-01T00:00:00.500',
          producer_block_id: null,
          account_ram_deltas: [{ account: 'alice', delta: -240 }],
          return_value_hex_data: '2a',
          except,
          error_code: '18446744073709551615',
        },
      ],
      account_ram_delta: null,
      except,
      error_code: '18446744073709551615',
      bill: { payer: 'alice', cpu_fee: 1, net_fee: 2, edge: '' },
    });
  });

  it('begins with its version', () => {
    const bytes = encode(transactionTraceSchema, trace);
    expect(bytes[0]).toBe(1);
    bytes[0] = 2;
    expect(() => decode(transactionTraceSchema, bytes)).toThrow('version 2');
  });

  it('cuts texts that are too long instead of failing', () => {
    const long = 'é'.repeat(100_000);
    const decoded = decode(
      actionTraceSchema,
      encode(actionTraceSchema, {
        ...action,
        console: long,
        except: {
          code: 'tx_duplicate',
          message: long,
          evidence: Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`k${i}`, long])),
        },
      }),
    );
    expect(decoded.console.length).toBe(limits.consoleBytesMax / 2);
    expect(decoded.except?.message.length).toBe(limits.rejectionMessageBytesMax / 2);
    expect(Object.keys(decoded.except?.evidence ?? {}).length).toBe(limits.rejectionEvidenceMax);
  });

  it('refuses codes that are not in the table', () => {
    const bytes = encode(rejectionSchema, { code: 'tx_duplicate', message: '' });
    bytes[0] = bytes[0]! ^ 0x80;
    expect(() => decode(rejectionSchema, bytes)).toThrow(DecodeError);
    expect(() => rejectionSchema.fromJson({ name: 'nonsense', stack: [] })).toThrow(FormatError);
    expect(rejectionSchema.fromJson({ name: 'tx_duplicate', stack: [] })).toEqual({
      code: 'tx_duplicate',
      message: '',
    });
  });

  it('of many actions keeps them all', () => {
    const many = { ...makeTransactionTrace(new Random(4)), actionTraces: Array.from({ length: 500 }, () => action) };
    expect(decode(transactionTraceSchema, encode(transactionTraceSchema, many)).actionTraces.length).toBe(500);
  });
});

describe('a genesis', () => {
  const genesis: Genesis = {
    initialSlot: 100,
    initialKey: devKey,
    producers: [],
    config: defaultChainConfig,
    parameters: defaultSnapParameters,
  };

  it('gives the chain id', () => {
    expect(toHex(chainIdOf(genesis))).toBe('b5dc588b8b1c0178f59fb54e7b5c7ca2b0925dd985155731641ed390c9af739b');
    const other = { ...genesis, parameters: { ...defaultSnapParameters, cpuPrice: 1n } };
    expect(toHex(chainIdOf(other))).not.toBe(toHex(chainIdOf(genesis)));
  });

  it('reads from JSON', () => {
    const json = genesisSchema.toJson(genesis) as { initial_configuration: object; initial_timestamp: string };
    expect(json.initial_timestamp).toBe('2000-01-01T00:00:50.000');
    expect(genesisSchema.fromJson(json as never)).toEqual(genesis);
  });

  it('has the parameters in the order of their ids', () => {
    expect(chainConfigParameters.length).toBe(18);
    expect(chainConfigParameters[0]).toBe('maxBlockNetUsage');
    expect(chainConfigParameters[17]).toBe('maxActionReturnValueSize');
    const { maxActionReturnValueSize: _, ...v0 } = defaultChainConfig;
    const bytes = encode(chainConfigSchema, defaultChainConfig);
    expect(bytes.length).toBe(72);
    expect(toHex(encode(chainConfigV0Schema, v0))).toBe(toHex(bytes.subarray(0, 68)));
    const { producerShare, edgeShare, fundShare } = defaultSnapParameters;
    expect(producerShare + edgeShare + fundShare).toBe(10_000);
    expect(systemToken.symbol).toBe(0x54535804n);
  });
});

it('system names are spelled as their keys say', () => {
  for (const [key, value] of Object.entries(names)) {
    const letters = formatName(value).replaceAll('.', '');
    if (key !== 'empty') expect(letters).toBe(key.toLowerCase());
  }
});
