/** Contracts that look for a difference: NaN bits in tables, cold and warm code, a block made and imported. */
import { toHex } from '@snapscale/crypto';
import { applyBlock, ChainServices, prefixEnd, rowPrefix, settingAt, tableId } from '@snapscale/execution';
import { blockId, name, type SignedBlock } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { AttackLedger, actionOf } from './support/attack-ledger.js';
import { contract, times } from './support/modules.js';

/** Ways to make a NaN; each leaves one f64. */
const makers: Readonly<Record<string, string>> = {
  '0/0': 'f64.const 0 f64.const 0 f64.div',
  'inf-inf': 'f64.const 0x7ff0000000000000 f64.const 0x7ff0000000000000 f64.sub',
  'sqrt -1': 'f64.const -1 f64.sqrt',
  'payload + 1': 'f64.const 0x7ff80000deadbeef f64.const 1 f64.add',
  'signalling + 1': 'f64.const 0x7ff00000deadbeef f64.const 1 f64.add',
  'min of signalling': 'f64.const 0x7ff0000000000001 f64.const 1 f64.min',
  'max of negative NaN': 'f64.const 1 f64.const 0xfff8000000000001 f64.max',
  'nearest of signalling': 'f64.const 0x7ff0000000000001 f64.nearest',
  'promoted payload': 'f32.const 0x7fa12345 f64.promote_f32',
  'through f32': 'f64.const 0x7ff80000deadbeef f32.demote_f64 f64.promote_f32',
  'f32 0/0': 'f32.const 0 f32.const 0 f32.div f64.promote_f32',
};

/** What contracts do with it; each leaves the bits as an i64. */
const views: Readonly<Record<string, string>> = {
  bits: 'i64.reinterpret_f64',
  negated: 'f64.neg i64.reinterpret_f64',
  'with the sign of -1': 'f64.const -1 f64.copysign i64.reinterpret_f64',
  stored: 'local.set 4 i32.const 8192 local.get 4 f64.store i32.const 8192 i64.load',
};

const combinations = Object.keys(makers).flatMap((maker) => Object.keys(views).map((view) => ({ maker, view })));

/** Writes the bits of all combinations into one row, many times over, so that the compiler optimises what runs. */
function nanContract(rounds: number, key: number): Uint8Array {
  const writes = combinations.map(
    ({ maker, view }, i) => `${makers[maker]} ${views[view]} local.set 5 i32.const ${8 * i} local.get 5 i64.store`,
  );
  const store = `i64.const 5 i64.const 112 local.get 1 i64.const ${key} i32.const 0 i32.const ${8 * combinations.length} $db_store_i64 drop`;
  return contract(`${times(rounds, 3, writes.join(' '))} ${store}`, { locals: 'i32 f64 i64' });
}

function rowOf(ledger: AttackLedger): string {
  const prefix = rowPrefix(tableId(name('nan'), 5n, 112n));
  const row = ledger.pending.state.last(prefix, prefixEnd(prefix));
  return toHex(row!.value.subarray(8));
}

describe('NaN', () => {
  it('has the same bits in a table before and after optimisation', () => {
    const ledger = new AttackLedger();
    const rows: string[] = [];
    for (const [i, rounds] of [1, 20_000, 20_000, 1].entries()) {
      ledger.install('nan', nanContract(rounds, i));
      const strike = ledger.hit('nan');
      expect(strike.code, strike.message).toBe('ok');
      rows.push(rowOf(ledger));
      ledger.produceBlock();
    }
    expect(new Set(rows).size).toBe(1);
    const view = new DataView(Uint8Array.from(Buffer.from(rows[0]!, 'hex')).buffer);
    combinations.forEach(({ maker, view: seen }, i) => {
      const canonical = seen === 'negated' || seen.startsWith('with') ? 0xfff8000000000000n : 0x7ff8000000000000n;
      expect(view.getBigUint64(8 * i, true), `${maker}, ${seen}`).toBe(canonical);
    });
  });
});

describe('a block of attacks', () => {
  it('is the same for a node that made it warm and one that imports it cold', () => {
    const ledger = new AttackLedger();
    ledger.install('nan', nanContract(10, 1));
    ledger.install('grow', contract('i32.const 3 memory.grow i32.const 0 i32.lt_s if unreachable end'));
    ledger.install('exit', contract('i32.const 0 $eosio_exit unreachable'));
    ledger.install('loop', contract('loop br 0 end'));
    ledger.install('print', contract('i32.const 0 i32.const 60000 $prints_l'));
    ledger.produceBlock();
    const before = ledger.head;
    const base = new Map(ledger.store.entries());
    for (const account of ['nan', 'loop', 'grow', 'nan', 'exit', 'print', 'loop', 'grow']) {
      ledger.strike([actionOf(account, 'go', new Uint8Array(0))], { maxCpuUsageMs: 20 });
    }
    ledger.produceBlock();
    const { block, transactions } = ledger.finished.at(-1)!;
    const copy = new AttackLedger();
    copy.store.apply(base);
    const signed: SignedBlock = {
      header: block.header,
      producerSignature: new Uint8Array(66) as SignedBlock['producerSignature'],
      transactions: block.transactions,
      blockExtensions: [],
    };
    const setting = settingAt(copy.store, before.header.slot, block.header.slot);
    const imported = applyBlock(new ChainServices(), copy.store, before, signed, transactions, setting);
    expect(toHex(blockId(imported.header))).toBe(toHex(blockId(block.header)));
    expect(imported.transactions.map(({ cpuUsageUs }) => cpuUsageUs)).toEqual(
      block.transactions.map(({ cpuUsageUs }) => cpuUsageUs),
    );
    expect(transactions.length).toBeGreaterThanOrEqual(4);
  });
});
