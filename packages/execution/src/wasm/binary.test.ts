import { describe, expect, test } from 'vitest';
import { parseModule } from './binary.js';
import { ByteReader } from './format/byte-reader.js';
import { ByteWriter } from './format/byte-writer.js';
import { defaultWasmLimits } from './limits.js';
import { applyModule, assemble, rawModule } from './testing/assembler.js';
import { limitsWith, rejectionOf } from './testing/test-host.js';

const parse = (bytes: Uint8Array, limits = defaultWasmLimits) => parseModule(bytes, limits);
const refusal = (bytes: Uint8Array, limits = defaultWasmLimits) => rejectionOf(() => parse(bytes, limits));
const TYPE_SECTION = [1, 1, 0x60, 0, 0];
const FUNCTION_SECTION = [3, 1, 0];
const CODE_SECTION = [10, 1, 2, 0, 0x0b];

describe('LEB128', () => {
  const read = (bytes: number[]) => new ByteReader(Uint8Array.from(bytes));

  test.each([
    [[0x00], 0],
    [[0x7f], 127],
    [[0x80, 0x01], 128],
    [[0xff, 0xff, 0xff, 0xff, 0x0f], 0xffffffff],
    [[0x80, 0x80, 0x80, 0x80, 0x00], 0],
    [[0x85, 0x80, 0x80, 0x80, 0x00], 5],
  ])('unsigned %j is %i', (bytes, value) => {
    expect(read(bytes).u32()).toBe(value);
  });

  test.each([[[0x80, 0x80, 0x80, 0x80, 0x10]], [[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]], [[0xff]], [[]]])(
    'unsigned %j is refused',
    (bytes) => {
      expect(rejectionOf(() => read(bytes).u32())).toMatch(/^wasm_serialization_error/);
    },
  );

  test.each([
    [[0x00], 0],
    [[0x7f], -1],
    [[0x40], -64],
    [[0xc0, 0x00], 64],
    [[0xff, 0xff, 0xff, 0xff, 0x07], 2147483647],
    [[0x80, 0x80, 0x80, 0x80, 0x78], -2147483648],
    [[0xff, 0xff, 0xff, 0xff, 0x7f], -1],
    [[0x80, 0x80, 0x80, 0x80, 0x00], 0],
  ])('signed %j is %i', (bytes, value) => {
    expect(read(bytes).s32()).toBe(value);
  });

  test.each([
    [[0x80, 0x80, 0x80, 0x80, 0x08]],
    [[0x80, 0x80, 0x80, 0x80, 0x70]],
    [[0xff, 0xff, 0xff, 0xff, 0x0f]],
    [[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
  ])('signed %j is refused', (bytes) => {
    expect(rejectionOf(() => read(bytes).s32())).toMatch(/too long or too large/);
  });

  test('signed 64 bits take at most ten bytes', () => {
    const nine = new Array<number>(9).fill(0x80);
    for (const last of [0x00, 0x7f]) expect(rejectionOf(() => read([...nine, last]).skipS64())).toBe('');
    for (const last of [0x01, 0x7e, 0x80]) expect(rejectionOf(() => read([...nine, last]).skipS64())).not.toBe('');
  });

  test('what is written is read', () => {
    for (const value of [0, 1, 63, 64, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
      const writer = new ByteWriter();
      writer.u32(value);
      expect(new ByteReader(writer.finish()).u32()).toBe(value);
    }
    for (const value of [0, 63, 64, -1, -64, -65, 8191, -8192, 2 ** 31 - 1, -(2 ** 31)]) {
      const writer = new ByteWriter();
      writer.signed(value);
      expect(new ByteReader(writer.finish()).s32()).toBe(value);
    }
  });
});

describe('sections', () => {
  test('a contract is taken apart', () => {
    const module = parse(applyModule('nop', { data: [{ offset: 5, bytes: Uint8Array.of(1, 2) }] }));
    expect(module.functions).toEqual([0]);
    expect(module.memory).toEqual({ initial: 1, maximum: undefined });
    expect(module.data[0]!.offset).toBe(5);
    expect([...module.data[0]!.bytes]).toEqual([1, 2]);
  });

  test('header', () => {
    const bytes = applyModule('nop');
    for (let i = 0; i < 8; i++) {
      const changed = bytes.slice();
      changed[i]! ^= 1;
      expect(refusal(changed)).toMatch(/magic header or version/);
    }
    expect(refusal(bytes.subarray(0, 7))).toMatch(/unexpected end/);
    expect(refusal(new Uint8Array(0))).toMatch(/unexpected end/);
  });

  test('every cut of a module is refused', () => {
    const bytes = applyModule('nop', {
      globals: ['var i32 = i32.const 1'],
      data: [{ offset: 0, bytes: Uint8Array.of(9) }],
    });
    const sectionEnds = [8];
    for (let at = 8; at < bytes.length; ) sectionEnds.push((at += 2 + bytes[at + 1]!));
    for (let length = 8; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      if (sectionEnds.includes(length)) rejectionOf(() => parse(cut));
      else expect(refusal(cut), `${length}`).not.toBe('');
    }
  });

  test('order and repetition', () => {
    expect(refusal(rawModule(TYPE_SECTION, FUNCTION_SECTION, CODE_SECTION))).toBe('');
    expect(refusal(rawModule(FUNCTION_SECTION, TYPE_SECTION, CODE_SECTION))).toMatch(
      /section 1 repeated or out of order/,
    );
    expect(refusal(rawModule(TYPE_SECTION, TYPE_SECTION))).toMatch(/section 1 repeated/);
    expect(refusal(rawModule([13, 0]))).toMatch(/unknown section 13/);
    expect(refusal(rawModule(TYPE_SECTION, FUNCTION_SECTION))).toMatch(/1 functions declared, 0 bodies/);
  });

  test('a section must be as long as its content', () => {
    expect(refusal(rawModule([...TYPE_SECTION, 0]))).toMatch(/longer than its content/);
    expect(refusal(rawModule(TYPE_SECTION.slice(0, -1)))).toMatch(/unexpected end/);
    const beyond = [...rawModule(TYPE_SECTION)];
    beyond[9] = 100;
    expect(refusal(Uint8Array.from(beyond))).toMatch(/100 bytes announced/);
  });

  test('custom sections are allowed anywhere if their names are well-formed', () => {
    const custom = [0, 3, 0x61, 0x62, 0x63, 1, 2, 3];
    expect(refusal(rawModule(custom, TYPE_SECTION, custom, FUNCTION_SECTION, CODE_SECTION, custom))).toBe('');
    expect(refusal(rawModule([0, 1, 0xff]))).toMatch(/malformed UTF-8/);
    expect(refusal(rawModule([0, 5, 0x61]))).toMatch(/5 bytes announced/);
  });

  test('data count', () => {
    const data = [11, 1, 0, 0x41, 0, 0x0b, 1, 7];
    const memory = [5, 1, 0, 1];
    expect(refusal(rawModule(memory, [12, 1], data))).toBe('');
    expect(refusal(rawModule(memory, [12, 2], data))).toMatch(/2 data segments announced, 1 found/);
    expect(refusal(rawModule(memory, data, [12, 1]))).toMatch(/out of order/);
  });
});

describe('entries', () => {
  test.each([
    ['form of a function type', [1, 1, 0x5f, 0, 0]],
    ['value type', [1, 1, 0x60, 1, 0x7b, 0]],
    ['reference type', [1, 1, 0x60, 1, 0x70, 0]],
    ['two results', [1, 1, 0x60, 0, 2, 0x7f, 0x7f]],
    ['table of references', [4, 1, 0x6f, 0, 1]],
    ['two tables', [4, 2, 0x70, 0, 1, 0x70, 0, 1]],
    ['two memories', [5, 2, 0, 1, 0, 1]],
    ['shared memory', [5, 1, 3, 1, 1]],
    ['memory of 64 bits', [5, 1, 4, 1]],
    ['minimum above maximum', [5, 1, 1, 2, 1]],
    ['mutability', [6, 1, 0x7f, 2, 0x41, 0, 0x0b]],
    ['initial value of another type', [6, 1, 0x7f, 0, 0x42, 0, 0x0b]],
    ['initial value from a global', [6, 1, 0x7f, 0, 0x23, 0, 0x0b]],
    ['initial value calculated', [6, 1, 0x7f, 0, 0x41, 1, 0x41, 1, 0x6a, 0x0b]],
    ['passive data', [11, 1, 1, 1, 7]],
    ['passive elements', [9, 1, 1, 0, 0]],
    ['offset of another type', [11, 1, 0, 0x42, 0, 0x0b, 0]],
    ['export of a tag', [7, 1, 1, 0x61, 4, 0]],
  ])('refused: %s', (_, section) => {
    expect(refusal(rawModule(section))).toMatch(/^wasm_serialization_error/);
  });

  test('only functions can be imported', () => {
    const name = [3, 0x65, 0x6e, 0x76, 1, 0x6d];
    expect(refusal(rawModule([2, 1, ...name, 2, 0, 1]))).toBe('wasm_serialization_error: env.m unresolveable');
    expect(refusal(rawModule([2, 1, ...name, 3, 0x7f, 0]))).toBe('wasm_serialization_error: env.m unresolveable');
  });

  test('1000 parameters are the most', () => {
    const withParams = (count: number) =>
      assemble({ functions: [], types: [new Array(count).fill('i32').join(' ')], apply: 0 });
    expect(refusal(withParams(1000))).toBe('');
    expect(refusal(withParams(1001))).toMatch(/1001 parameters/);
  });
});

describe('limits of the format', () => {
  test('maxModuleBytes', () => {
    const bytes = applyModule('nop');
    expect(refusal(bytes, limitsWith({ maxModuleBytes: bytes.length }))).toBe('');
    expect(refusal(bytes, limitsWith({ maxModuleBytes: bytes.length - 1 }))).toMatch(/module of/);
  });

  test('maxSectionElements, by default 8192', () => {
    const withTypes = (count: number) => assemble({ functions: [], types: new Array(count).fill('i32>'), apply: 0 });
    expect(refusal(withTypes(8192))).toBe('');
    expect(refusal(withTypes(8193))).toMatch(/section of 8193 entries, 8192 allowed/);
  });

  test('maxSymbolBytes, by default 8192', () => {
    const named = (length: number) =>
      applyModule('nop', { exports: [{ name: 'x'.repeat(length), kind: 'function', index: 0 }] });
    expect(refusal(named(8192))).toBe('');
    expect(refusal(named(8193))).toMatch(/name of 8193 bytes/);
    const imported = (length: number) => applyModule('nop', { imports: { ['x'.repeat(length)]: '>' } });
    expect(refusal(imported(8192))).toBe('');
    expect(refusal(imported(8193))).toMatch(/name of 8193 bytes/);
  });

  test('maxCodeBytes', () => {
    const bytes = applyModule('nop nop nop');
    expect(refusal(bytes, limitsWith({ maxCodeBytes: 5 }))).toBe('');
    expect(refusal(bytes, limitsWith({ maxCodeBytes: 4 }))).toMatch(/function body of 5 bytes/);
  });

  test('announced counts allocate nothing', () => {
    expect(refusal(rawModule([1, 0xff, 0xff, 0xff, 0xff, 0x0f]))).toMatch(/entries/);
    expect(refusal(rawModule([1, 1, 0x60, 0xff, 0xff, 0xff, 0xff, 0x0f]))).toMatch(/parameters/);
  });
});
