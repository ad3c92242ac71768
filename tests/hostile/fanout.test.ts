/** Contracts that multiply: inline actions, notifications, and code that changes while it runs. */
import {
  type Action,
  actionSchema,
  authoritySchema,
  encode,
  limits,
  name,
  transactionTraceSchema,
  Writer,
} from '@snapscale/protocol';
import { afterAll, describe, expect, it } from 'vitest';
import { AttackLedger, accountNames, actionOf, addCodePermission, setAbi, setCode } from './support/attack-ledger.js';
import { contract, forever, i64, times } from './support/modules.js';
import { allowed, Report, refused } from './support/report.js';

const report = new Report('fan-out');
const NO_DATA = new Uint8Array(0);
afterAll(() => report.print());

/** Code that sends the same packed action `count` times, and the data that holds it. */
function sender(action: Action, count: number | 'endless') {
  const packed = encode(actionSchema, action);
  const send = `i32.const 0 i32.const ${packed.length} $send_inline`;
  return contract(count === 'endless' ? forever(send) : times(count, 3, send), {
    locals: 'i32',
    data: [{ offset: 0, bytes: packed }],
  });
}

function withCode(...accounts: string[]): AttackLedger {
  const ledger = new AttackLedger();
  for (const account of accounts) addCodePermission(ledger, account);
  return ledger;
}

describe('inline actions', () => {
  it('multiply up to the gas and nest up to depth 4', () => {
    const ledger = withCode('bomb');
    for (const [what, count] of [
      ['one in one', 1],
      ['three in each', 3],
      ['40 in each', 40],
    ] as const) {
      ledger.install('bomb', sender(actionOf('bomb', 'go', NO_DATA), count));
      const strike = refused(report, ledger, what, () => ledger.hit('bomb'), 'transaction_exception');
      expect(strike.message).toContain('max inline action depth');
    }
    ledger.install('bomb', sender(actionOf('bomb', 'go', NO_DATA), 'endless'));
    const endless = refused(report, ledger, 'endless', () => ledger.hit('bomb'), 'tx_cpu_usage_exceeded');
    expect(encode(transactionTraceSchema, endless.trace).length).toBeLessThan(16_000_000);
  });

  it('nest exactly as deep as the chain allows', () => {
    const ledger = withCode('a1', 'a2', 'a3', 'a4', 'a5', 'a11');
    for (const [from, to] of [
      ['a1', 'a2'],
      ['a2', 'a3'],
      ['a3', 'a4'],
      ['a4', 'a5'],
    ] as const) {
      ledger.install(from, sender({ ...actionOf(to, 'go', NO_DATA), authorization: [] }, 1));
    }
    ledger.install('a5', contract(''));
    ledger.install('a11', sender({ ...actionOf('a1', 'go', NO_DATA), authorization: [] }, 1));
    allowed(report, 'depth 4', () => ledger.hit('a1'));
    refused(report, ledger, 'depth 5', () => ledger.hit('a11'), 'transaction_exception');
  });

  it('fill the tree of depth 4 and are charged for all of it', () => {
    const ledger = new AttackLedger();
    ledger.accounts('tree');
    // Each action carries its depth as data and sends 12 with one more, until depth 4.
    const head = encode(actionSchema, { ...actionOf('tree', 'go', Uint8Array.of(0)), authorization: [] });
    const code = `i32.const 100 i32.const 1 $read_action_data drop i32.const 100 i32.load8_u i32.const 4 i32.ge_u if return end
      i32.const ${head.length - 1} i32.const 100 i32.load8_u i32.const 1 i32.add i32.store8
      ${times(12, 3, `i32.const 0 i32.const ${head.length} $send_inline`)}`;
    ledger.install('tree', contract(code, { locals: 'i32', data: [{ offset: 0, bytes: head }] }));
    const strike = ledger.hit('tree', Uint8Array.of(0));
    report.add('12 in each, four deep', Math.min(strike.wallMs, strike.cpuMs), strike.code);
    expect(['ok', 'tx_cpu_usage_exceeded']).toContain(strike.code);
    expect(strike.trace.actionTraces.length).toBeGreaterThan(5_000);
  });

  it('of 512 KiB and more are too big, and smaller ones are paid by the byte', () => {
    const ledger = withCode('big');
    const packedOf = (size: number) => {
      const empty = encode(actionSchema, { ...actionOf('big', 'go', NO_DATA), authorization: [] });
      return { head: empty.subarray(0, empty.length - 1), data: size - empty.length - 2 };
    };
    const { head, data } = packedOf(524_288);
    const length = [(data & 0x7f) | 0x80, ((data >> 7) & 0x7f) | 0x80, data >> 14];
    const bytes = Uint8Array.from([...head, ...length]);
    const parts = { locals: 'i32', memory: { initial: 10, maximum: undefined }, data: [{ offset: 0, bytes }] };
    ledger.install('big', contract('i32.const 0 i32.const 524288 $send_inline', parts));
    refused(report, ledger, '512 KiB', () => ledger.hit('big'), 'inline_action_too_big');
    ledger.install('big', contract(forever('i32.const 0 i32.const 524287 $send_inline'), parts));
    refused(report, ledger, 'one byte less than it says', () => ledger.hit('big'), 'out_of_range_exception');
    const smaller = Uint8Array.from([
      ...head,
      ...[((data - 1) & 0x7f) | 0x80, (((data - 1) >> 7) & 0x7f) | 0x80, (data - 1) >> 14],
    ]);
    ledger.install(
      'big',
      contract(forever('i32.const 0 i32.const 524287 $send_inline'), {
        ...parts,
        data: [{ offset: 0, bytes: smaller }],
      }),
    );
    const strike = refused(
      report,
      ledger,
      '512 KiB less a byte, endless',
      () => ledger.hit('big'),
      'tx_cpu_usage_exceeded',
    );
    expect(encode(transactionTraceSchema, strike.trace).length).toBeLessThan(40_000_000);
  });

  it('are refused when malformed, unauthorised, or to nobody', () => {
    const ledger = new AttackLedger();
    ledger.accounts('evil', 'victim');
    ledger.install(
      'evil',
      contract('i32.const 0 i32.const 64 $send_inline', {
        data: [{ offset: 0, bytes: new Uint8Array(64).fill(0xff) }],
      }),
    );
    refused(report, ledger, 'junk', () => ledger.hit('evil'), 'out_of_range_exception');
    ledger.install('evil', sender(actionOf('nobody', 'go', NO_DATA, 'evil'), 1));
    refused(report, ledger, 'to nobody', () => ledger.hit('evil'), 'action_validate_exception');
    ledger.install('evil', sender(actionOf('victim', 'go', NO_DATA, 'victim'), 1));
    refused(report, ledger, 'in the name of another', () => ledger.hit('evil'), 'unsatisfied_authorization');
    ledger.install('evil', sender(actionOf('victim', 'go', NO_DATA, 'victim@nothing'), 1));
    refused(
      report,
      ledger,
      'with a permission that does not exist',
      () => ledger.hit('evil'),
      'action_validate_exception',
    );
    ledger.install('evil', sender(setCode('victim', contract('')), 1));
    refused(report, ledger, 'code for another', () => ledger.hit('evil'), 'unsatisfied_authorization');
  });
});

describe('notifications', () => {
  const names = accountNames(1000);
  const table = new Uint8Array(8 * names.length);
  for (const [i, one] of names.entries()) new DataView(table.buffer).setBigUint64(8 * i, name(one), true);
  const notifyAll = `local.get 0 local.get 1 i64.eq if
    ${times(1000, 3, 'local.get 3 i32.const 1 i32.sub i32.const 8 i32.mul i64.load $require_recipient')} end`;
  const notifier = contract(notifyAll, { locals: 'i32', data: [{ offset: 0, bytes: table }] });

  it('of thousands are paid each, and by the byte of a large action', () => {
    const ledger = new AttackLedger();
    ledger.accounts(...names);
    ledger.install('spread', notifier);
    allowed(report, '1,000 notifications', () => ledger.hit('spread'));
    const sizes = [20_000, 500_000];
    for (const size of sizes) {
      const attack = () => ledger.hit('spread', new Uint8Array(size));
      const strike = refused(report, ledger, `1,000 notifications of ${size} bytes`, attack, 'tx_cpu_usage_exceeded');
      const began = performance.now();
      expect(encode(transactionTraceSchema, strike.trace).length).toBeLessThan(16_000_000);
      report.add(`encoding the trace of notifications of ${size} bytes`, performance.now() - began);
    }
    const levels = () => ledger.hit('spread', NO_DATA, ...Array(1024).fill('spread'));
    refused(report, ledger, '1,000 notifications with 1,024 authorizations', levels, 'tx_cpu_usage_exceeded');
  });

  it('of contracts that are all different are paid for loading them', () => {
    const ledger = new AttackLedger();
    ledger.accounts(...names);
    ledger.install('spread', notifier);
    names.forEach((one, i) => {
      ledger.install(one, contract(`i64.const ${i} drop`));
      if (i % 100 === 99) ledger.produceBlock();
    });
    for (const round of ['cold', 'warm']) {
      refused(report, ledger, `1,000 contracts, ${round}`, () => ledger.hit('spread'), 'tx_cpu_usage_exceeded');
    }
  });

  it('of oneself and twice count once; of nobody fail', () => {
    const ledger = new AttackLedger();
    ledger.accounts('other');
    const self = 'local.get 0 $require_recipient';
    ledger.install('evil', contract(times(1000, 3, self), { locals: 'i32' }));
    const strike = allowed(report, 'self-notification', () => ledger.hit('evil'));
    expect(strike.trace.actionTraces).toHaveLength(1);
    // Each notifies the other: once each, although both ask.
    const both = `${i64(name('evil'))} $require_recipient ${i64(name('other'))} $require_recipient`;
    ledger.install('evil', contract(both));
    ledger.install('other', contract(`i32.const 0 drop ${both}`));
    expect(allowed(report, 'two that notify each other', () => ledger.hit('evil')).trace.actionTraces).toHaveLength(2);
    ledger.install('evil', contract('i64.const 1 $require_recipient'));
    refused(report, ledger, 'nobody', () => ledger.hit('evil'), 'transaction_exception');
  });

  it('of more names than a trace holds are refused', () => {
    const ledger = new AttackLedger();
    const next = 'local.get 0 i64.const 1 i64.add local.tee 0 $require_recipient';
    ledger.install('evil', contract(forever(next)));
    const endless = refused(report, ledger, 'ever new names', () => ledger.hit('evil'), 'transaction_exception');
    expect(endless.trace.actionTraces.length).toBe(limits.actionTracesMax);
    const began = performance.now();
    encode(transactionTraceSchema, endless.trace);
    report.add('encoding the longest trace', performance.now() - began);
    ledger.install('evil', contract(times(60_000, 3, next), { locals: 'i32' }));
    refused(report, ledger, '60,000 names', () => ledger.hit('evil'), 'transaction_exception');
  });

  it('through authorizations: a thousand are looked up, not searched', () => {
    const ledger = new AttackLedger();
    ledger.install('evil', contract(forever('i64.const 5 $has_auth drop')));
    const attack = () => ledger.hit('evil', NO_DATA, ...Array(1024).fill('evil'));
    refused(report, ledger, 'has_auth among 1,024', attack, 'tx_cpu_usage_exceeded');
  });
});

describe('code that changes while it runs', () => {
  const second = contract(
    `i64.const 5 i64.const 112 local.get 1 i64.const 2 i32.const 0 i32.const 8 $db_store_i64 drop`,
  );

  it('of its own account, inline: the action that runs ends with the old code', () => {
    const ledger = withCode('selfmade');
    ledger.install('selfmade', sender(setCode('selfmade', second), 1));
    const strike = allowed(report, 'inline setcode of itself', () => ledger.hit('selfmade'));
    expect(strike.trace.actionTraces.length).toBeGreaterThanOrEqual(2);
    allowed(report, 'the new code', () => ledger.hit('selfmade'));
  });

  it('to nothing, before it is notified', () => {
    const ledger = withCode('target');
    ledger.install('target', contract('unreachable'));
    ledger.install('caller', contract(`${i64(name('target'))} $require_recipient`));
    const removeFirst = () => ledger.strike([setCode('target', NO_DATA), actionOf('caller', 'go', NO_DATA)]);
    allowed(report, 'code removed, then notified', removeFirst);
    refused(report, ledger, 'code removed twice', () => ledger.strike([setCode('target', NO_DATA)]), 'set_exact_code');
  });

  it('again and again in one transaction', () => {
    const ledger = new AttackLedger();
    ledger.accounts('churn');
    const codes = Array.from({ length: 60 }, (_, i) => contract(`i64.const ${i} drop`));
    const actions = codes.flatMap((code) => [setCode('churn', code), actionOf('churn', 'go', NO_DATA)]);
    const strike = ledger.strike(actions);
    report.add('60 contracts set and called', Math.min(strike.wallMs, strike.cpuMs), strike.code);
    expect(['ok', 'tx_cpu_usage_exceeded']).toContain(strike.code);
    const abis = Array.from({ length: 60 }, (_, i) => setAbi('churn', new Uint8Array(3000).fill(i)));
    allowed(report, '60 ABIs set', () => ledger.strike(abis));
  });

  it('of authority: an inline action cannot lift itself', () => {
    const ledger = withCode('lifter');
    const writer = new Writer(128);
    for (const one of ['eosio', 'active', 'owner']) writer.u64(name(one));
    authoritySchema.write(writer, {
      threshold: 1,
      keys: [],
      accounts: [{ permission: { actor: name('lifter'), permission: name('eosio.code') }, weight: 1 }],
      waits: [],
    });
    const take = actionOf('eosio', 'updateauth', writer.finish().slice(), 'eosio@owner');
    ledger.install('lifter', sender(take, 1));
    refused(report, ledger, 'updateauth of eosio', () => ledger.hit('lifter'), 'unsatisfied_authorization');
  });
});
