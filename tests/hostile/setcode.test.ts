/** Contract code made to break the loader: cut, flipped, oversized, deep. Refused with a code, in bounded time. */
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ByteWriter } from '../../packages/execution/src/wasm/format/byte-writer.js';
import { applyModule, assemble, rawModule } from '../../packages/execution/src/wasm/testing/assembler.js';
import { Random } from '../../packages/execution/src/wasm/testing/random.js';
import { protonContract } from '../testing/contract-ledger.js';
import { AttackLedger, type Strike, setCode } from './support/attack-ledger.js';
import { contract } from './support/modules.js';
import { allowed, costOf, Report, refused } from './support/report.js';

const report = new Report('setcode');
const REFUSED = ['wasm_serialization_error', 'tx_cpu_usage_exceeded', 'tx_net_usage_exceeded', 'wasm_execution_error'];
let ledger: AttackLedger;

beforeEach(() => {
  ledger = new AttackLedger();
  ledger.accounts('evil');
});
afterAll(() => report.print());

const attempt = (code: Uint8Array): Strike => ledger.strike([setCode('evil', code)]);

function refuse(what: string, code: Uint8Array) {
  return refused(report, ledger, what, () => attempt(code), ...REFUSED);
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return bytes;
}

/** A module whose one function, exported as apply, has this body. */
function withBody(body: Uint8Array): Uint8Array {
  const code = new ByteWriter();
  const sized = new ByteWriter();
  sized.raw(body);
  code.raw(Uint8Array.from([1]));
  code.sized(sized);
  const sections: number[][] = [
    [1, 1, 0x60, 3, 0x7e, 0x7e, 0x7e, 0],
    [3, 1, 0],
    [7, 1, 5, ...Buffer.from('apply'), 0, 0],
  ];
  const head = rawModule(...sections);
  const content = code.finish();
  return Uint8Array.from(Buffer.concat([head, Uint8Array.from([10, ...leb(content.length)]), content]));
}

function repeated(count: number, ...bytes: number[]): Uint8Array {
  const out = new Uint8Array(count * bytes.length);
  for (let i = 0; i < out.length; i++) out[i] = bytes[i % bytes.length]!;
  return out;
}

const body = (...parts: (Uint8Array | number[])[]) =>
  withBody(Uint8Array.from(Buffer.concat(parts.map((part) => Uint8Array.from(part)))));

describe('a real contract', () => {
  const { wasm } = protonContract('eosio.token');

  it('cut at 200 places', () => {
    for (let i = 0; i < 200; i++) {
      const length = Math.floor((i * wasm.length) / 200);
      if (length === 0) continue;
      refuse(`cut at byte ${length}`, wasm.slice(0, length));
    }
    refuse('with a byte behind it', Uint8Array.from([...wasm, 0]));
  }, 60_000);

  it('with a bit flipped at 250 places', () => {
    const random = new Random(20_26);
    let accepted = 0;
    let longest = 0;
    for (let i = 0; i < 250; i++) {
      const code = wasm.slice();
      const at = i < 120 ? i : random.below(code.length);
      code[at] = code[at]! ^ (1 << random.below(8));
      const strike = attempt(code);
      longest = Math.max(longest, costOf(strike));
      if (strike.code === 'ok') {
        accepted++;
        // What is accepted must run, whatever it then does, and end with a code.
        const run = ledger.hit('evil');
        longest = Math.max(longest, costOf(run));
        expect(run.code).not.toBe('');
        expect(ledger.strike([setCode('evil', new Uint8Array(0))]).code).toBe('ok');
      } else expect(REFUSED, `bit at byte ${at}: ${strike.message}`).toContain(strike.code);
      if (i % 40 === 39) ledger.produceBlock();
    }
    report.add('250 flipped bits, the slowest', longest, `${accepted} accepted`);
  }, 60_000);
});

describe('numbers', () => {
  it('in bad LEB128', () => {
    const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    for (const [what, bytes] of [
      ['a section size of 2^32 - 1', [1, 0xff, 0xff, 0xff, 0xff, 0x0f]],
      ['a section size beyond 32 bits', [1, 0xff, 0xff, 0xff, 0xff, 0x7f]],
      ['a section size that never ends', [1, ...Array(20).fill(0x80)]],
      ['a section size with padding', [1, 0x84, 0x80, 0x80, 0x80, 0x80, 0x00, 0]],
      ['2^32 - 1 types', [1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]],
      ['2^32 - 1 functions', [3, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]],
      ['an unknown section', [99, 0]],
      ['sections out of order', [3, 1, 0, 1, 1, 0]],
      ['the same section twice', [1, 1, 0, 1, 1, 0]],
      ['a code section without functions', [10, 2, 1, 0]],
      ['nothing', []],
    ] as const) {
      refuse(what, Uint8Array.from([...magic, ...bytes]));
    }
    refuse('another version', Uint8Array.from([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0]));
    refuse('no module at all', new TextEncoder().encode('#!/bin/sh'));
    refuse('zeros', new Uint8Array(100_000));
    refuse('ones', new Uint8Array(100_000).fill(0xff));
  });
});

describe('sizes', () => {
  it('of bodies', () => {
    refuse('20,000 nested blocks', body([0], repeated(20_000, 0x02, 0x40), repeated(20_001, 0x0b)));
    refuse('80,000 nested blocks', body([0], repeated(80_000, 0x02, 0x40), repeated(80_001, 0x0b)));
    refuse('80,000 nested loops', body([0], repeated(80_000, 0x03, 0x40), repeated(80_001, 0x0b)));
    refuse('80,000 nested ifs', body([0], repeated(80_000, 0x41, 1, 0x04, 0x40), repeated(80_001, 0x0b)));
    refuse('10^6 locals', body([1, ...leb(1_000_000), 0x7e, 0x0b]));
    refuse('2^32 - 1 locals', body([1, ...leb(0xffffffff), 0x7e, 0x0b]));
    refuse('2^32 locals in two groups', body([2, ...leb(0x80000000), 0x7f, ...leb(0x80000000), 0x7e, 0x0b]));
    refuse(
      '100,000 groups of no locals and then one too many',
      body([...leb(100_000)], repeated(100_000, 0, 0x7f), [0x0b, 0x0b]),
    );
    refuse('br_table of 100,000', body([0, 0x41, 0, 0x0e, ...leb(100_000)], repeated(100_001, 0), [0x0b]));
    refuse('br_table of 10^6 that are not there', body([0, 0x41, 0, 0x0e, ...leb(1_000_000), 0, 0x0b]));
    refuse('100,000 operands', body([0], repeated(100_000, 0x41, 1), repeated(100_000, 0x1a), [0x0b]));
    refuse('a body that says it is longer', Uint8Array.from([...body([0, 0x0b]).slice(0, -3), 0x7f, 0, 0x0b]));
  });

  it('of many instructions are charged', () => {
    const branches = attempt(body([0], repeated(60_000, 0x02, 0x40, 0x0b, 0x41, 0, 0x0d, 0), [0x0b]));
    report.add('60,000 blocks and branches', costOf(branches), branches.code);
    const functions = Array.from({ length: 8000 }, () => ({ code: 'i32.const 1 drop' }));
    const many = attempt(contract('', { functions }));
    report.add('8,000 functions', costOf(many), many.code);
    const grown = attempt(body([0], repeated(100_000, 0x41, 0, 0x11 - 0x11 + 0x45, 0x1a), [0x0b]));
    report.add('400,000 bytes of tests for zero', costOf(grown), grown.code);
  });

  it('beyond a transaction', () => {
    const strike = attempt(body([0], repeated(1_000_000, 0x01), [0x0b]));
    report.add('10^6 nops', costOf(strike), strike.code);
    expect(REFUSED).toContain(strike.code);
    expect(() => attempt(body([0], repeated(20 * 1024 * 1024, 0x01), [0x0b]))).toThrow();
  });

  it('of tables, memories and names', () => {
    refuse('a table of 2^32 - 1', applyModule('', { table: { initial: 0xffffffff, maximum: undefined } }));
    refuse('a memory of 65,536 pages', applyModule('', { memory: { initial: 65_536, maximum: undefined } }));
    refuse('a memory of 529 pages', applyModule('', { memory: { initial: 529, maximum: undefined } }));
    refuse('a memory of 2^32 - 1 pages', applyModule('', { memory: { initial: 0xffffffff, maximum: undefined } }));
    refuse('data beyond 64 KiB', applyModule('', { data: [{ offset: 65_530, bytes: new Uint8Array(16) }] }));
    refuse('data at -1', applyModule('', { data: [{ offset: -1, bytes: new Uint8Array(1) }] }));
    refuse('1,100 mutable globals', applyModule('', { globals: Array(300).fill('var i64 = i64.const 0') }));
    const long = 'x'.repeat(10_000);
    refuse('an import with a long name', applyModule('', { imports: { [long]: '>' } }));
    refuse('an import that does not exist', applyModule('', { imports: { no_such_function: '>' } }));
    refuse('an import of another type', applyModule('', { imports: { printi: 'i32>' } }));
    refuse('an export with a long name', applyModule('', { exports: [{ name: long, kind: 'function', index: 0 }] }));
    refuse('exports of the same name', applyModule('', { exports: [{ name: 'apply', kind: 'function', index: 0 }] }));
    refuse(
      '9,000 exports',
      applyModule('', {
        exports: Array.from({ length: 9000 }, (_, i) => ({ name: `e${i}`, kind: 'function', index: 0 })),
      }),
    );
    const imports = Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`import${i}`, '>']));
    refuse('9,000 imports', applyModule('', { imports }));
    refuse(
      'an elements segment beyond the table',
      applyModule('', { table: { initial: 1, maximum: 1 }, elements: [{ offset: 1, functions: [0] }] }),
    );
    refuse('a start function with parameters', applyModule('', { start: 0 }));
    refuse('a start function that does not exist', applyModule('', { start: 7 }));
    refuse(
      'apply of another type',
      assemble({ memory: { initial: 1, maximum: undefined }, functions: [{ params: 'i64 i64', code: '' }] }),
    );
    refuse('apply that does not exist', applyModule('', { apply: 9 }));
  });

  it('that are right at their limits are taken', () => {
    allowed(report, 'code as large as a transaction', () => attempt(body([0], repeated(520_000, 0x01), [0x0b])));
    const nested = (count: number) => body([0], repeated(count, 0x02, 0x40), repeated(count + 1, 0x0b));
    allowed(report, '1,000 nested blocks', () => attempt(nested(1000)));
    allowed(report, '528 pages', () => attempt(applyModule('', { memory: { initial: 528, maximum: undefined } })));
    allowed(report, 'a table of 1,024', () =>
      attempt(applyModule('', { table: { initial: 1024, maximum: undefined } })),
    );
  });
});

describe('setcode itself', () => {
  it('refuses other machines and the same code twice', () => {
    const code = contract('');
    const changed = (offset: number) => {
      const action = setCode('evil', code);
      action.data[offset] = 1;
      return () => ledger.strike([action]);
    };
    refused(report, ledger, 'VM type 1', changed(8), 'invalid_contract_vm_type');
    refused(report, ledger, 'VM version 1', changed(9), 'invalid_contract_vm_version');
    allowed(report, 'code', () => attempt(code));
    refused(report, ledger, 'the same code', () => attempt(code), 'set_exact_code');
  });
});
