/** What an ABI must not be, and what hostile ABIs and data cannot do. */
import { fromHex } from '@snapscale/crypto';
import { describe, expect, it } from 'vitest';
import {
  type Abi,
  abiSchema,
  type CompiledAbi,
  compileAbi,
  DecodeError,
  decodeAbi,
  decodeType,
  encode,
  encodeType,
  type Json,
  limits,
  parseAbi,
  Reject,
} from '../index.js';
import { compileStressAbi, makeAbiJson, stressAbi } from '../testing/abi-samples.js';
import { Random } from '../testing/random.js';

const field = (type: string, name = 'f') => ({ name, type });
const struct = (name: string, fields: Json[], base = '') => ({ name, base, fields });
const alias = (newName: string, type: string) => ({ new_type_name: newName, type });
const compile = (parts: Record<string, Json>) => compileAbi(parseAbi({ version: 'eosio::abi/1.2', ...parts }));

describe('compileAbi refuses', () => {
  it.each<[what: string, code: string, parts: Record<string, Json>]>([
    ['another version', 'unsupported_abi_version_exception', { version: 'eosio::abi/2.0' }],
    ['a typedef of a built-in name', 'duplicate_abi_type_def_exception', { types: [alias('name', 'string')] }],
    [
      'a typedef of a struct name',
      'duplicate_abi_type_def_exception',
      { types: [alias('s', 'string')], structs: [struct('s', [])] },
    ],
    [
      'two typedefs of a name',
      'duplicate_abi_type_def_exception',
      { types: [alias('t', 'string'), alias('t', 'name')] },
    ],
    ['two structs of a name', 'duplicate_abi_struct_def_exception', { structs: [struct('s', []), struct('s', [])] }],
    [
      'two actions of a name',
      'duplicate_abi_action_def_exception',
      {
        actions: [
          { name: 'a', type: 'name' },
          { name: 'a', type: 'name' },
        ],
      },
    ],
    [
      'two tables of a name',
      'duplicate_abi_table_def_exception',
      {
        tables: [
          { name: 'a', type: 'name' },
          { name: 'a', type: 'name' },
        ],
      },
    ],
    [
      'two messages of a code',
      'duplicate_abi_err_msg_def_exception',
      {
        error_messages: [
          { error_code: 1, error_msg: '' },
          { error_code: '1', error_msg: '' },
        ],
      },
    ],
    [
      'two variants of a name',
      'duplicate_abi_variant_def_exception',
      {
        variants: [
          { name: 'v', types: [] },
          { name: 'v', types: [] },
        ],
      },
    ],
    [
      'two results of a name',
      'duplicate_abi_action_results_def_exception',
      {
        action_results: [
          { name: 'a', result_type: 'name' },
          { name: 'a', result_type: 'name' },
        ],
      },
    ],
    ['an unknown typedef target', 'invalid_type_inside_abi', { types: [alias('t', 'nothing')] }],
    ['an unknown field type', 'invalid_type_inside_abi', { structs: [struct('s', [field('nothing')])] }],
    ['an unknown base', 'invalid_type_inside_abi', { structs: [struct('s', [], 'nothing')] }],
    ['a base that is no struct', 'invalid_type_inside_abi', { structs: [struct('s', [], 'name')] }],
    ['an unknown variant type', 'invalid_type_inside_abi', { variants: [{ name: 'v', types: ['nothing'] }] }],
    ['an unknown action type', 'invalid_type_inside_abi', { actions: [{ name: 'a', type: 'nothing' }] }],
    ['an unknown table type', 'invalid_type_inside_abi', { tables: [{ name: 'a', type: 'nothing' }] }],
    ['an unknown result type', 'invalid_type_inside_abi', { action_results: [{ name: 'a', result_type: 'nothing' }] }],
    ['an extension within a type', 'invalid_type_inside_abi', { structs: [struct('s', [field('name$[]')])] }],
    ['an extension outside a struct', 'invalid_type_inside_abi', { actions: [{ name: 'a', type: 'name$' }] }],
    ['an optional of an optional', 'invalid_type_inside_abi', { structs: [struct('s', [field('name??')])] }],
    ['an empty type name', 'invalid_type_inside_abi', { structs: [struct('s', [field('')])] }],
    ['a suffix alone', 'invalid_type_inside_abi', { structs: [struct('s', [field('[]')])] }],
    ['a broken length', 'invalid_type_inside_abi', { structs: [struct('s', [field('name[x]')])] }],
    ['a huge length', 'invalid_type_inside_abi', { structs: [struct('s', [field('name[65537]')])] }],
    ['a typedef of itself', 'abi_circular_def_exception', { types: [alias('a', 'a')] }],
    [
      'typedefs in a circle',
      'abi_circular_def_exception',
      { types: [alias('a', 'b'), alias('b', 'c'), alias('c', 'a')] },
    ],
    ['a typedef of its own array', 'abi_recursion_depth_exception', { types: [alias('a', 'a[]')] }],
    ['a struct based on itself', 'abi_circular_def_exception', { structs: [struct('s', [], 's')] }],
    ['bases in a circle', 'abi_circular_def_exception', { structs: [struct('a', [], 'b'), struct('b', [], 'a')] }],
    [
      'a long chain of typedefs',
      'abi_recursion_depth_exception',
      { types: [alias('t0', 'name'), ...Array.from({ length: 40 }, (_, i) => alias(`t${i + 1}`, `t${i}`))] },
    ],
    ['many suffixes', 'abi_recursion_depth_exception', { structs: [struct('s', [field(`name${'[]'.repeat(40)}`)])] }],
  ])('%s', (_, code, parts) => expect(() => compile(parts)).toThrow(rejectedWith(code)));

  it('but accepts types that contain themselves through arrays, optionals and variants', () => {
    const compiled = compile({
      structs: [struct('s', [field('s[]', 'a'), field('s?', 'b'), field('v', 'c')])],
      variants: [{ name: 'v', types: ['s', 'uint8'] }],
    });
    const json = { a: [], b: null, c: ['uint8', 1] };
    expect(decodeType(compiled, 's', encodeType(compiled, 's', json))).toEqual(json);
  });

  it('an unknown type at use', () => {
    const compiled = compile({});
    for (const type of ['nothing', 'nothing[]', 'name$', '', '$', '__proto__', 'constructor']) {
      expect(() => decodeType(compiled, type, new Uint8Array(9))).toThrow(rejectedWith('invalid_type_inside_abi'));
      expect(() => encodeType(compiled, type, {})).toThrow(rejectedWith('invalid_type_inside_abi'));
    }
  });
});

describe('nesting', () => {
  const compiled = compile({
    structs: [struct('tree', [field('tree[]', 'c')]), struct('chain', [field('chain', 'c')])],
  });

  it('ends at the depth where nodeos ends', () => {
    // Decoding enters a value, its struct and its array: 3 levels a generation, of 31 in all.
    const bytes = (generations: number) => Uint8Array.from([...Array<number>(generations).fill(1), 0]);
    expect(() => decodeType(compiled, 'tree', bytes(9))).not.toThrow();
    expect(() => decodeType(compiled, 'tree', bytes(10))).toThrow(rejectedWith('abi_recursion_depth_exception'));
    expect(() => decodeType(compiled, 'chain', new Uint8Array(99))).toThrow(
      rejectedWith('abi_recursion_depth_exception'),
    );
    const json = (generations: number): Json => (generations === 0 ? { c: [] } : { c: [json(generations - 1)] });
    expect(() => encodeType(compiled, 'tree', json(14))).not.toThrow();
    expect(() => encodeType(compiled, 'tree', json(15))).toThrow(rejectedWith('abi_recursion_depth_exception'));
  });

  it('of many bases neither overflows the stack nor takes long', () => {
    const count = 20_000;
    const bases = Array.from({ length: count }, (_, i) =>
      struct(`s${i}`, [field('uint8')], i === 0 ? '' : `s${i - 1}`),
    );
    const fields = Array.from({ length: count }, (_, i) =>
      struct(`t${i}`, [field(i === 0 ? 'uint8' : `t${i - 1}`), field(i === 0 ? 'uint8' : `t${i - 1}`, 'g')]),
    );
    const start = performance.now();
    const deep = compile({ structs: [...bases, ...fields] });
    for (const type of [`s${count - 1}`, `t${count - 1}`, `t${count - 1}[]`]) {
      expect(() => decodeType(deep, type, new Uint8Array(5000).fill(1))).toThrow(Reject);
    }
    expect(performance.now() - start).toBeLessThan(3000);
  });
});

describe('bombs', () => {
  const compiled = compile({
    structs: [
      struct('empty', []),
      struct('hollow', [field('uint8[0]', 'h')]),
      struct('long', [field('uint8', 'x'.repeat(1000))]),
      struct('wide', [field('uint8[65536]', 'w')]),
    ],
    types: [alias('deep', 'uint8[65536][65536][65536]')],
    variants: [{ name: 'v', types: ['hollow', 'v[]'] }],
  });
  const many = 'ffffffff0f';

  it.each<[what: string, type: string, hex: string]>([
    ['many items, no bytes', 'uint8[]', many],
    ['many empty structs', 'empty[]', `${many}00`],
    ['many structs of nothing', 'hollow[]', `ffff3f00`],
    ['more structs of nothing', 'hollow[][]', `ff7fff7f${'00'.repeat(50)}`],
    ['many optional structs', 'hollow?[]', `ffff3f${'01'.repeat(9)}`],
    ['huge fixed arrays', 'deep', '00'.repeat(500)],
    ['huge fixed arrays of nothing', 'hollow[65536][65536]', '00'.repeat(50)],
    ['a long string', 'string', `${many}61`],
    ['long bytes', 'bytes', `${many}61`],
    ['variants in variants', 'v', '0101'.repeat(200)],
  ])('%s', (_, type, hex) => {
    const start = performance.now();
    expect(() => decodeType(compiled, type, fromHex(hex))).toThrow(Reject);
    expect(performance.now() - start).toBeLessThan(200);
  });

  it('long names repeated', () => {
    const count = 60_000;
    const bytes = encodeType(compiled, 'bytes', '01'.repeat(count));
    expect(() => decodeType(compiled, 'long[]', bytes)).toThrow(rejectedWith('snap_output_too_large'));
  });

  it('but data as long as a transaction decode', () => {
    const json = Array.from({ length: 200_000 }, (_, i) => i & 0xff);
    const bytes = encodeType(compiled, 'uint8[]', json);
    expect(decodeType(compiled, 'uint8[]', bytes)).toEqual(json);
  });

  it('results have a limit when encoding', () => {
    expect(() => encodeType(compiled, 'bytes', '00'.repeat(limits.abiEncodedBytesMax))).toThrow(
      rejectedWith('pack_exception'),
    );
  });
});

describe('hostile names', () => {
  it('do not reach prototypes', () => {
    const compiled = compile({
      structs: [
        struct('s', [field('uint8', '__proto__'), field('uint8', 'constructor')]),
        struct('__proto__', [field('uint8')]),
      ],
      actions: [{ name: 'a', type: '__proto__' }],
    });
    const json = decodeType(compiled, 's', fromHex('0102')) as Record<string, Json>;
    expect(Object.getPrototypeOf(json)).toBe(Object.prototype);
    expect(JSON.stringify(json)).toBe('{"__proto__":1,"constructor":2}');
    expect(encodeType(compiled, 's', JSON.parse('{"__proto__":1,"constructor":2}') as Json)).toEqual(fromHex('0102'));
    expect(() => encodeType(compiled, 's', {})).toThrow(rejectedWith('pack_exception'));
    expect(decodeType(compiled, '__proto__', fromHex('07'))).toEqual({ f: 7 });
  });

  it('do not blow up messages', () => {
    const compiled = compile({ structs: [struct('s', [field('uint64', 'x'.repeat(10_000))])] });
    try {
      decodeType(compiled, 's', fromHex('01'));
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(300);
    }
  });
});

describe('fuzz', () => {
  const stress = compileStressAbi();

  it('mutated data give JSON or a rejection', () => {
    for (let seed = 0; seed < 600; seed++) {
      const random = new Random(seed);
      const type = random.pick(['plain', 'lists', 'options', 'derived', 'nested', 'tree']);
      const bytes = encodeType(stress, type, makeAbiJson(random, type));
      for (let i = random.between(1, 3); i > 0; i--) bytes[random.below(bytes.length)] = random.below(256);
      expectJsonOrReject(stress, type, bytes);
    }
  });

  it('mutated ABIs are refused or decode data to JSON or a rejection', () => {
    const original = encode(abiSchema, parseAbi(stressAbi));
    let compiledCount = 0;
    for (let seed = 0; seed < 1500; seed++) {
      const random = new Random(seed);
      const bytes = original.slice();
      for (let i = random.between(1, 2); i > 0; i--)
        bytes[random.below(bytes.length)] = random.pick([0x24, 0x3f, 0x5b, 0x5d, 0x31, random.below(256)]);
      const compiled = compileOrRefuse(bytes);
      if (compiled === undefined) continue;
      compiledCount++;
      for (const type of compiled.structs.keys()) expectJsonOrReject(compiled, type, random.bytes(random.below(60)));
    }
    expect(compiledCount).toBeGreaterThan(100);
  });

  it('mutated JSON encodes or is refused', () => {
    const pieces: Json[] = [null, true, -1, 1.5, '', 'x', [], {}, [[]], '1.0000 XST', 2 ** 60];
    for (let seed = 0; seed < 600; seed++) {
      const random = new Random(seed);
      const type = random.pick(['plain', 'lists', 'options', 'derived', 'nested', 'tree']);
      const json = makeAbiJson(random, type) as Record<string, Json>;
      json[random.pick(Object.keys(json))] = random.pick(pieces);
      try {
        encodeType(stress, type, json);
      } catch (error) {
        expect(error).toBeInstanceOf(Reject);
      }
    }
  });
});

function compileOrRefuse(bytes: Uint8Array): CompiledAbi | undefined {
  let abi: Abi;
  try {
    abi = decodeAbi(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return undefined;
  }
  try {
    return compileAbi(abi);
  } catch (error) {
    expect(error).toBeInstanceOf(Reject);
    return undefined;
  }
}

function expectJsonOrReject(compiled: CompiledAbi, type: string, bytes: Uint8Array): void {
  const tookMs = () => {
    const start = performance.now();
    try {
      JSON.stringify(decodeType(compiled, type, bytes));
    } catch (error) {
      expect(error).toBeInstanceOf(Reject);
    }
    return performance.now() - start;
  };
  // Shared machines stall now and then: only what is slow twice is slow.
  if (tookMs() > 50) expect(tookMs()).toBeLessThan(50);
}

function rejectedWith(code: string): unknown {
  return expect.objectContaining({ rejection: expect.objectContaining({ code }) });
}
