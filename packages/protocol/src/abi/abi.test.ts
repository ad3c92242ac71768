import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fromHex, toHex } from '@snapscale/crypto';
import { Serializer, ABI as WharfAbi } from '@wharfkit/antelope';
import { Serialize } from 'eosjs';
import { describe, expect, it } from 'vitest';
import {
  abiSchema,
  actionResultType,
  actionType,
  compileAbi,
  DecodeError,
  decode,
  decodeAbi,
  decodeType,
  EncodeError,
  encode,
  encodeType,
  errorMessage,
  FormatError,
  formatAbi,
  type Json,
  name,
  parseAbi,
  tableType,
} from '../index.js';
import { compileStressAbi, makeAbiJson, stressAbi } from '../testing/abi-samples.js';
import { Random } from '../testing/random.js';

const stress = compileStressAbi();
const structs = (...list: Json[]) => compileAbi(parseAbi({ version: 'eosio::abi/1.1', structs: list }));
const plain = structs();
// eosjs does not know arrays of fixed length.
const withoutSizedArrays = {
  ...(stressAbi as { structs: { name: string }[] }),
  structs: (stressAbi as { structs: { name: string }[] }).structs.filter((definition) => definition.name !== 'sized'),
};

describe.each(['plain', 'lists', 'options', 'derived', 'nested', 'tree'])('%s', (type) => {
  const wharf = WharfAbi.from(stressAbi as never);
  const eosjs = Serialize.getTypesFromAbi(Serialize.createInitialTypes(), withoutSizedArrays as never);

  it('has the bytes that wharfkit and eosjs give', () => {
    for (let seed = 0; seed < 30; seed++) {
      const json = makeAbiJson(new Random(seed), type);
      const bytes = encodeType(stress, type, json);
      expect(toHex(bytes)).toBe(Serializer.encode({ object: json as never, type, abi: wharf }).hexString);
      const buffer = new Serialize.SerialBuffer({ textEncoder: new TextEncoder(), textDecoder: new TextDecoder() });
      Serialize.getType(eosjs, type).serialize(buffer, json);
      expect(toHex(bytes)).toBe(toHex(buffer.asUint8Array()));
    }
  });

  it('decodes to JSON that encodes to the same bytes', () => {
    for (let seed = 0; seed < 30; seed++) {
      const bytes = encodeType(stress, type, makeAbiJson(new Random(seed), type));
      const json = JSON.parse(JSON.stringify(decodeType(stress, type, bytes))) as Json;
      expect(toHex(encodeType(stress, type, json))).toBe(toHex(bytes));
    }
  });

  it('refuses every shorter input', () => {
    const bytes = encodeType(stress, type, makeAbiJson(new Random(5), type));
    for (let end = 0; end < bytes.length; end++) {
      expect(() => decodeType(stress, type, bytes.subarray(0, end))).toThrow(rejectedWith('unpack_exception'));
    }
  });
});

describe('JSON as nodeos prints it', () => {
  it.each<[type: string, hex: string, json: Json]>([
    ['bool', '01', 1],
    ['bool', '02', 2],
    ['int8', 'ff', -1],
    ['int16', '0080', -32768],
    ['int32', 'ffffffff', -1],
    ['uint32', 'ffffffff', 4294967295],
    ['int64', 'ffffffffffffffff', -1],
    ['int64', '0000000001000000', '4294967296'],
    ['uint64', 'ffffffff00000000', 4294967295],
    ['uint64', 'ffffffffffffffff', '18446744073709551615'],
    ['int128', 'ffffffffffffffffffffffffffffffff', '-1'],
    ['uint128', '01000000000000000000000000000000', '1'],
    ['uint128', 'ffffffffffffffffffffffffffffffff', '340282366920938463463374607431768211455'],
    ['varint32', '01', -1],
    ['varint32', 'ffffffff0f', -2147483648],
    ['varuint32', '8001', 128],
    ['float32', '0000c03f', '1.50000000000000000'],
    ['float32', 'cdcccc3d', '0.10000000149011612'],
    ['float64', '182d4454fb210940', '3.14159265358979312'],
    ['float64', '000000000000f07f', 'inf'],
    ['float128', '000102030405060708090a0b0c0d0e0f', '0x000102030405060708090a0b0c0d0e0f'],
    ['time_point', '0000000000000000', '1970-01-01T00:00:00.000'],
    ['time_point_sec', '00000000', '1970-01-01T00:00:00'],
    ['block_timestamp_type', '01000000', '2000-01-01T00:00:00.500'],
    ['bytes', '03abcdef', 'abcdef'],
    ['string', '02c3a9', 'é'],
    ['string', '03614ff0', 'aO\ufffd'],
    ['symbol_code', '5853540000000000', 'XST'],
    [
      'extended_asset',
      '102700000000000004585354000000000000000000ea3055',
      { quantity: '1.0000 XST', contract: 'eosio' },
    ],
    ['asset', '00000000000000000000000000000000', '0 '],
    ['uint8[]', '020102', [1, 2]],
    ['uint8[2]', '0102', [1, 2]],
    ['uint8?', '00', null],
    ['uint8?[]', '02000105', [null, 5]],
    ['uint8[][]', '0201010100', [[1], []].slice(0, 1).concat([[0]]) as Json],
  ])('%s %s', (type, hex, json) => expect(decodeType(plain, type, fromHex(hex))).toEqual(json));

  it('keys are EOS… for K1 and PUB_R1_… otherwise', () => {
    const point = '02c0ded2bc1f1305fb0faac5e6c03ee3a1924234985427b6167ca569d13df435cf';
    expect(decodeType(plain, 'public_key', fromHex(`00${point}`))).toBe(
      'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV',
    );
    expect(decodeType(plain, 'public_key', fromHex(`01${point}`))).toMatch(/^PUB_R1_/);
  });

  it('ignores what follows the value', () => {
    expect(decodeType(plain, 'uint8', fromHex('01ffff'))).toBe(1);
  });
});

describe('JSON that encodes', () => {
  it.each<[type: string, json: Json, hex: string]>([
    ['bool', true, '01'],
    ['bool', 0, '00'],
    ['uint64', 7, '0700000000000000'],
    ['uint64', '7', '0700000000000000'],
    ['int128', -1, 'ffffffffffffffffffffffffffffffff'],
    ['float64', 1.5, '000000000000f83f'],
    ['float64', '1.5', '000000000000f83f'],
    ['float32', '-inf', '000080ff'],
    ['string', 12, '023132'],
    ['string', true, '0474727565'],
    ['bytes', 'ABcd', '02abcd'],
    ['symbol_code', '', '0000000000000000'],
    [
      'public_key',
      'PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63',
      '0002c0ded2bc1f1305fb0faac5e6c03ee3a1924234985427b6167ca569d13df435cf',
    ],
  ])('%s %j', (type, json, hex) => expect(toHex(encodeType(plain, type, json))).toBe(hex));

  it('structs are objects or arrays; unknown keys are ignored', () => {
    const expected = toHex(encodeType(stress, 'pair', { key: 'a', value: 1 }));
    expect(toHex(encodeType(stress, 'pair', ['a', 1]))).toBe(expected);
    expect(toHex(encodeType(stress, 'pair', { value: '1', key: 'a', more: true }))).toBe(expected);
    expect(() => encodeType(stress, 'derived', [])).toThrow(rejectedWith('invalid_type_inside_abi'));
  });

  it.each<[type: string, json: Json]>([
    ['uint8', 256],
    ['uint8', null],
    ['uint8', 1.5],
    ['int64', '9223372036854775808'],
    ['float64', 'one'],
    ['float128', '0x00'],
    ['name', 'UPPER'],
    ['name', 5],
    ['bytes', 'abc'],
    ['checksum256', '00'],
    ['asset', '1 xst'],
    ['time_point', 'now'],
    ['public_key', 'EOS1'],
    ['signature', ''],
    ['string', null],
    ['string', []],
    ['uint8[]', 'x'],
    ['uint8[2]', [1]],
    ['pair', 'text'],
    ['pair', { key: 'a' }],
    ['pair', ['a']],
    ['choice', ['int8', 1]],
    ['choice', [0, 1]],
    ['choice', { uint8: 1 }],
  ])('refuses %s %j', (type, json) =>
    expect(() => encodeType(stress, type, json)).toThrow(rejectedWith('pack_exception')),
  );

  it('says where', () => {
    const bad = {
      one: { key: '', value: 0 },
      many: [
        { key: '', value: 1 },
        { key: '', value: -1 },
      ],
    };
    expect(() => encodeType(stress, 'nested', bad)).toThrow('-1 does not fit into uint64 (nested.many[1].value)');
    expect(() => decodeType(stress, 'lists', fromHex('0501'))).toThrow(
      'count 5 exceeds the 1 bytes left (at byte 1) (lists.a_bool)',
    );
  });
});

describe('binary extensions', () => {
  it('are left out of JSON when the data end before them', () => {
    expect(decodeType(stress, 'extended', fromHex('05'))).toEqual({ first: 5 });
    expect(decodeType(stress, 'extended', fromHex('050161'))).toEqual({ first: 5, second: 'a' });
    expect(decodeType(stress, 'extended', fromHex('05016100'))).toEqual({ first: 5, second: 'a', third: null });
  });

  it('may be missing in JSON from the end only', () => {
    expect(toHex(encodeType(stress, 'extended', { first: 5 }))).toBe('05');
    expect(toHex(encodeType(stress, 'extended', [5, 'a']))).toBe('050161');
    expect(() => encodeType(stress, 'extended', { first: 5, third: null })).toThrow(rejectedWith('pack_exception'));
    expect(() => encodeType(stress, 'extended[]', [{ first: 5 }])).toThrow(rejectedWith('pack_exception'));
  });

  it('must not be followed by fields that are none', () => {
    const bad = structs({
      name: 's',
      base: '',
      fields: [
        { name: 'a', type: 'uint8$' },
        { name: 'b', type: 'uint8' },
      ],
    });
    expect(() => decodeType(bad, 's', new Uint8Array(0))).toThrow(rejectedWith('abi_exception'));
    expect(() => encodeType(bad, 's', {})).toThrow(rejectedWith('abi_exception'));
    expect(decodeType(bad, 's', fromHex('0102'))).toEqual({ a: 1, b: 2 });
  });
});

describe('arrays of fixed length', () => {
  it('have no length in front', () => {
    const json = {
      three: [1, 2, 3],
      two: [
        { key: 'a', value: 1 },
        { key: '', value: 2 },
      ],
    };
    const bytes = encodeType(stress, 'sized', json);
    expect(toHex(bytes)).toBe(`010002000300${'01610100000000000000'}${'000200000000000000'}`);
    expect(decodeType(stress, 'sized', bytes)).toEqual(json);
  });
});

describe('an ABI', () => {
  const { structs: _, ...head } = stressAbi as Record<string, Json>;

  it('gives the types of its actions, tables and results', () => {
    expect(actionType(stress, name('nested'))).toBe('nested');
    expect(actionType(stress, name('other'))).toBeUndefined();
    expect(tableType(stress, name('pairs'))).toBe('pair');
    expect(actionResultType(stress, name('nested'))).toBe('uint32');
    expect(errorMessage(stress, 0xffffffffffffffffn)).toBe('too much');
  });

  it('has the bytes that wharfkit gives, and JSON that reads back', () => {
    const abi = parseAbi(stressAbi);
    const bytes = encode(abiSchema, abi);
    // wharfkit leaves error messages out.
    expect(toHex(encode(abiSchema, { ...abi, errorMessages: [] }))).toBe(
      Serializer.encode({ object: WharfAbi.from(stressAbi as never) }).hexString,
    );
    expect(decode(abiSchema, bytes)).toEqual(abi);
    expect(parseAbi(formatAbi(abi))).toEqual(abi);
  });

  it.each(['eosio.token', 'atomicassets', 'oracles', 'rng', 'xtokens'])('of %s', (contract) => {
    const folder = createRequire(import.meta.url)
      .resolve('proton-tsc/package.json')
      .replace('package.json', 'external');
    const json = JSON.parse(readFileSync(`${folder}/${contract}/${contract}.abi`, 'utf8')) as Json;
    const abi = parseAbi(json);
    expect(
      toHex(encode(abiSchema, abi)).startsWith(
        toHex(encode(abiSchema, { ...abi, variants: undefined, actionResults: undefined })),
      ),
    ).toBe(true);
    const theirs = Serializer.encode({ object: WharfAbi.from(json as never) }).array;
    expect(formatAbi(decodeAbi(theirs))).toEqual(formatAbi(abi));
    const compiled = compileAbi(abi);
    for (const type of compiled.actions.values()) expect(compiled.structs.has(type)).toBe(true);
  });

  it('may lack its last lists, and have unknown bytes after them', () => {
    const short = {
      ...parseAbi({ ...head, structs: [], actions: [], tables: [], action_results: [], variants: [] }),
      variants: undefined,
      actionResults: undefined,
    };
    const bytes = encode(abiSchema, short);
    expect(decode(abiSchema, bytes)).toEqual(short);
    const newer = Uint8Array.from([...bytes, 0, 0, 1, 2, 3]);
    expect(decodeAbi(newer)).toEqual({ ...short, variants: [], actionResults: [] });
    expect(() => decode(abiSchema, newer)).toThrow(DecodeError);
    expect(() => encode(abiSchema, { ...short, actionResults: [] })).toThrow(EncodeError);
    expect(() => decodeAbi(new Uint8Array(2 ** 20 + 1))).toThrow(DecodeError);
  });

  it('in JSON needs a version', () => {
    expect(() => parseAbi({})).toThrow(FormatError);
    expect(() => parseAbi(null)).toThrow(FormatError);
    expect(() => parseAbi({ version: '', structs: [{ base: '' }] })).toThrow(
      'abi_def.structs: struct_def.name is missing',
    );
  });
});

function rejectedWith(code: string): unknown {
  return expect.objectContaining({ rejection: expect.objectContaining({ code }) });
}
