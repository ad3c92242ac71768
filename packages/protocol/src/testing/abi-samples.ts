/** An ABI that uses every built-in type, suffix and kind of definition, and random JSON for its types. */
import { formatLegacyPublicKey, formatSignature, toHex } from '@snapscale/crypto';
import {
  type CompiledAbi,
  compileAbi,
  formatAsset,
  formatName,
  formatSymbol,
  type Json,
  microsToText,
  parseAbi,
  secondsToText,
  slotToText,
} from '../index.js';
import type { Random } from './random.js';
import { makeAsset, makeKey, makeName, makeSignature, makeSymbol } from './samples.js';

/** Built-in types whose JSON other implementations read in the same form. */
const sharedBuiltIns = [
  'bool',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'int128',
  'uint128',
  'varint32',
  'varuint32',
  'float64',
  'time_point',
  'time_point_sec',
  'block_timestamp_type',
  'name',
  'bytes',
  'string',
  'checksum160',
  'checksum256',
  'checksum512',
  'public_key',
  'signature',
  'symbol',
  'symbol_code',
  'asset',
  'extended_asset',
] as const;

const fieldsOf = (suffix: string) => sharedBuiltIns.map((type) => ({ name: `a_${type}`, type: `${type}${suffix}` }));

/** The ABI in JSON. */
export const stressAbi: Json = {
  version: 'eosio::abi/1.2',
  types: [
    { new_type_name: 'account', type: 'name' },
    { new_type_name: 'accounts', type: 'account[]' },
    { new_type_name: 'maybe_plain', type: 'plain?' },
  ],
  structs: [
    { name: 'plain', base: '', fields: fieldsOf('') },
    { name: 'lists', base: '', fields: fieldsOf('[]') },
    { name: 'options', base: '', fields: fieldsOf('?') },
    { name: 'derived', base: 'plain', fields: [{ name: 'extra', type: 'accounts' }] },
    {
      name: 'nested',
      base: '',
      fields: [
        { name: 'one', type: 'pair' },
        { name: 'many', type: 'pair[]' },
        { name: 'maybe', type: 'pair?' },
        { name: 'choice', type: 'choice' },
        { name: 'choices', type: 'choice[]' },
      ],
    },
    {
      name: 'pair',
      base: '',
      fields: [
        { name: 'key', type: 'string' },
        { name: 'value', type: 'uint64' },
      ],
    },
    {
      name: 'tree',
      base: '',
      fields: [
        { name: 'label', type: 'string' },
        { name: 'children', type: 'tree[]' },
      ],
    },
    {
      name: 'extended',
      base: '',
      fields: [
        { name: 'first', type: 'uint8' },
        { name: 'second', type: 'string$' },
        { name: 'third', type: 'pair?$' },
      ],
    },
    {
      name: 'sized',
      base: '',
      fields: [
        { name: 'three', type: 'uint16[3]' },
        { name: 'two', type: 'pair[2]' },
      ],
    },
  ],
  actions: [{ name: 'nested', type: 'nested', ricardian_contract: 'terms' }],
  tables: [{ name: 'pairs', type: 'pair', index_type: 'i64', key_names: ['key'], key_types: ['string'] }],
  ricardian_clauses: [{ id: 'one', body: 'two' }],
  error_messages: [{ error_code: '18446744073709551615', error_msg: 'too much' }],
  abi_extensions: [],
  variants: [{ name: 'choice', types: ['uint8', 'pair', 'string[]', 'pair?'] }],
  action_results: [{ name: 'nested', result_type: 'uint32' }],
};

/** The ABI, compiled. */
export function compileStressAbi(): CompiledAbi {
  return compileAbi(parseAbi(stressAbi));
}

const hex = (random: Random, size: number) => toHex(random.bytes(size));
const integer = (random: Random, bits: number, signed: boolean): Json => {
  const value = signed ? random.signed(bits) : random.unsigned(bits);
  return bits > 32 ? value.toString() : Number(value);
};
const calendar = 2 ** 31;

/** Random JSON of one of `sharedBuiltIns`, as nodeos prints it, except booleans, which every implementation takes. */
function makeBuiltInJson(random: Random, type: string): Json {
  const wide = /^(u?)int(\d+)$/.exec(type);
  if (wide !== null) return integer(random, Number(wide[2]), wide[1] === '');
  const makers: Readonly<Record<string, () => Json>> = {
    bool: () => random.chance(2),
    varint32: () => integer(random, 32, true),
    varuint32: () => integer(random, 32, false),
    float64: () => ((random.u32() - calendar) / 2 ** random.below(17)).toFixed(17),
    time_point: () => microsToText(BigInt(random.below(calendar)) * 1_000_000n + BigInt(random.below(1000)) * 1000n),
    time_point_sec: () => secondsToText(random.below(calendar)),
    block_timestamp_type: () => slotToText(random.below(calendar)),
    name: () => formatName(makeName(random)),
    bytes: () => hex(random, random.below(20)),
    string: () => random.text(20),
    checksum160: () => hex(random, 20),
    checksum256: () => hex(random, 32),
    checksum512: () => hex(random, 64),
    public_key: () => formatLegacyPublicKey(plainType(makeKey(random), random, 34)),
    signature: () => formatSignature(plainType(makeSignature(random), random, 66)),
    symbol: () => formatSymbol(makeSymbol(random)),
    symbol_code: () => formatSymbol(makeSymbol(random)).split(',')[1]!,
    asset: () => formatAsset(makeAsset(random)),
    extended_asset: () => ({ quantity: formatAsset(makeAsset(random)), contract: formatName(makeName(random)) }),
  };
  return makers[type]!();
}

/** K1 or R1, and a point that texts of old clients can hold. */
function plainType<T extends Uint8Array>(packed: T, random: Random, size: number): T {
  packed[0] = random.below(2);
  packed[1] = 2;
  return packed.subarray(0, size) as T;
}

/** Random JSON of a type of the stress ABI. */
export function makeAbiJson(random: Random, type: string): Json {
  const fields = (make: (name: string) => Json) =>
    Object.fromEntries(sharedBuiltIns.map((name) => [`a_${name}`, make(name)])) as Json;
  const pair = (): Json => ({ key: random.text(6), value: random.unsigned(64).toString() });
  const choice = (): Json => {
    const options: Json[] = [
      ['uint8', random.below(256)],
      ['pair', pair()],
      ['string[]', random.list(3, () => random.text(4))],
      ['pair?', random.chance(2) ? null : pair()],
    ];
    return random.pick(options);
  };
  const tree = (depth: number): Json => ({
    label: random.text(4),
    children: depth === 0 ? [] : random.list(2, () => tree(depth - 1)),
  });
  const plain = () => fields((name) => makeBuiltInJson(random, name));
  const makers: Readonly<Record<string, () => Json>> = {
    plain,
    lists: () => fields((name) => random.list(3, () => makeBuiltInJson(random, name))),
    options: () => fields((name) => (random.chance(2) ? null : makeBuiltInJson(random, name))),
    derived: () => ({ ...(plain() as object), extra: random.list(3, () => formatName(makeName(random))) }),
    nested: () => ({
      one: pair(),
      many: random.list(3, pair),
      maybe: random.chance(2) ? null : pair(),
      choice: choice(),
      choices: random.list(3, choice),
    }),
    tree: () => tree(3),
  };
  return makers[type]!();
}
