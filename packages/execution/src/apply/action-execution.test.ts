import {
  type Action,
  actionSchema,
  encode,
  formatName,
  type Name,
  name,
  type TransactionTrace,
  Writer,
} from '@snapscale/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { getAccount, getResources, putAccount, putResources } from '../state/records.js';
import { TestLedger } from '../testing/test-ledger.js';
import { applyFunction, assemble } from '../wasm/testing/assembler.js';

const imports = {
  read_action_data: 'i32 i32>i32',
  action_data_size: '>i32',
  get_sender: '>i64',
  printn: 'i64>',
  require_recipient: 'i64>',
  send_inline: 'i32 i32>',
  db_store_i64: 'i64 i64 i64 i64 i32 i32>i32',
  db_find_i64: 'i64 i64 i64 i64>i32',
  db_remove_i64: 'i32>',
};
const call = (fn: keyof typeof imports) => `call ${Object.keys(imports).indexOf(fn)}`;
const on = (action: string, code: string) => `local.get 2 i64.const ${name(action)} i64.eq if ${code} end`;
const own = (code: string) => `local.get 0 local.get 1 i64.eq if ${code} end`;
const row = `local.get 0 i64.const ${name('rows')}`;
const store = `${row} i64.const ${name('alice')} i64.const 1 i32.const 64 i32.const 200 ${call('db_store_i64')} drop`;

/**
 * Prints who sent the action, and then: `tell` notifies whom its data name; `send` sends the packed action in its data;
 * `relay` does so only where it arrives as a notification; `store` and `drop` make and remove a row that alice pays for;
 * `bill` makes that row where it arrives as a notification.
 */
const relay = assemble({
  imports,
  memory: { initial: 1, maximum: undefined },
  functions: [
    applyFunction(
      `i32.const 64 i32.const 4096 ${call('read_action_data')} drop
      ${call('get_sender')} ${call('printn')}
      ${on('tell', own(`i32.const 64 i64.load ${call('require_recipient')}`))}
      ${on('send', own(`i32.const 64 ${call('action_data_size')} ${call('send_inline')}`))}
      ${on(
        'relay',
        `${own(`i32.const 64 i64.load ${call('require_recipient')}`)}
        local.get 0 local.get 1 i64.ne if i32.const 72 ${call('action_data_size')} i32.const 8 i32.sub ${call('send_inline')} end`,
      )}
      ${on('store', own(store))}
      ${on('bill', own(`i32.const 64 i64.load ${call('require_recipient')}`))}
      ${on('bill', `local.get 0 local.get 1 i64.ne if ${store} end`)}
      ${on('drop', own(`local.get 0 ${row} i64.const 1 ${call('db_find_i64')} ${call('db_remove_i64')}`))}`,
    ),
  ],
});

let ledger: TestLedger;

beforeEach(() => {
  ledger = new TestLedger();
  for (const account of ['alice', 'first', 'second']) ledger.createAccount(account);
  for (const account of ['first', 'second']) {
    ledger.push('eosio', 'setcode', account, {
      account,
      vmtype: 0,
      vmversion: 0,
      code: Buffer.from(relay).toString('hex'),
    });
  }
});

function action(account: string, what: string, actor: string, data: Uint8Array = new Uint8Array(0)): Action {
  const authorization = actor === '' ? [] : [{ actor: name(actor), permission: name('active') }];
  return { account: name(account), name: name(what), authorization, data };
}

function nameBytes(text: string): Uint8Array {
  const writer = new Writer();
  writer.u64(name(text));
  return writer.finish();
}

const packed = (inline: Action) => encode(actionSchema, inline);
const joined = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));

function run(...actions: readonly Action[]): TransactionTrace {
  return ledger.apply(ledger.transaction(actions));
}

/** Receiver and printed sender of each action, in the order of the trace. */
function senders({ actionTraces, except }: TransactionTrace): string[] {
  expect(except).toBeUndefined();
  return actionTraces.map(({ receiver, console }) => `${formatName(receiver)}: ${console}`);
}

describe('the sender of an action', () => {
  it('is nobody at the top level, and the notifier for those who are notified', () => {
    expect(senders(run(action('first', 'tell', 'alice', nameBytes('second'))))).toEqual(['first: ', 'second: first']);
  });

  it('is the contract that sent an inline action, and that action’s receiver for whom it notifies', () => {
    const inline = action('second', 'tell', '', nameBytes('first'));
    expect(senders(run(action('first', 'send', 'alice', packed(inline))))).toEqual([
      'first: ',
      'second: first',
      'first: second',
    ]);
  });

  it('is the notified contract when that sends an action inline', () => {
    const inline = action('first', 'nothing', '');
    const data = joined(nameBytes('second'), packed(inline));
    expect(senders(run(action('first', 'relay', 'alice', data)))).toEqual([
      'first: ',
      'second: first',
      'first: second',
    ]);
  });
});

describe('who may be charged for RAM', () => {
  const refused = 'unauthorized_ram_usage_increase';

  it('is who authorised the action, but not from within a notification', () => {
    expect(run(action('first', 'store', 'alice')).except).toBeUndefined();
    const stranger = run(action('second', 'store', 'first'));
    expect(stranger.except).toMatchObject({
      code: refused,
      message: expect.stringContaining('has not authorized the action: alice'),
    });
    const notified = run(action('first', 'bill', 'alice', nameBytes('second')));
    expect(notified.except).toMatchObject({
      code: refused,
      message: expect.stringContaining('within a notify context: alice'),
    });
  });

  it('is anybody for a privileged contract', () => {
    const { state } = ledger.pending;
    const record = getAccount(state, name('second'))!;
    putAccount(state, name('second'), { ...record, privileged: true });
    expect(run(action('second', 'store', 'first')).except).toBeUndefined();
    run(action('second', 'drop', 'first'));
    expect(run(action('first', 'bill', 'alice', nameBytes('second'))).except).toBeUndefined();
  });
});

describe('inline actions', () => {
  /** An action that sends one that sends one, and so on. */
  const nested = (depth: number): Action =>
    depth === 0 ? action('second', 'nothing', '') : action('first', 'send', '', packed(nested(depth - 1)));

  it('go as deep as the configuration says', () => {
    const { maxInlineActionDepth } = ledger.genesis.config;
    const top = (depth: number): Action => ({
      ...nested(depth),
      authorization: action('first', 'send', 'alice').authorization,
    });
    const deepest = run(top(maxInlineActionDepth));
    expect(deepest.except).toBeUndefined();
    expect(deepest.actionTraces.map((trace) => trace.creatorActionOrdinal)).toEqual([0, 1, 2, 3, 4]);
    expect(run(top(maxInlineActionDepth + 1)).except?.message).toContain(
      'max inline action depth per transaction reached',
    );
  });
});

describe('RAM at the end of a transaction', () => {
  const quota = (account: Name, bytes: bigint) => {
    const { state } = ledger.pending;
    const resources = getResources(state, account);
    putResources(state, account, { ...resources, ramQuota: resources.ramUsage + bytes });
  };

  it('is checked once it is over: what was taken and given back is free', () => {
    quota(name('alice'), 0n);
    const both = run(action('first', 'store', 'alice'), action('first', 'drop', 'alice'));
    expect(both.except).toBeUndefined();
    expect(run(action('first', 'store', 'alice')).except?.code).toBe('ram_usage_exceeded');
  });

  it('is checked for whoever has grown for a moment, whatever the sum', () => {
    run(action('first', 'store', 'alice'));
    quota(name('alice'), -500n);
    // Over its quota by now, alice may give RAM back, but not take some in between.
    const more = run(
      action('second', 'store', 'alice'),
      action('second', 'drop', 'alice'),
      action('first', 'drop', 'alice'),
    );
    expect(more.except?.code).toBe('ram_usage_exceeded');
    expect(run(action('first', 'drop', 'alice')).except).toBeUndefined();
  });
});

describe('read-only transactions', () => {
  it('may refer to no block, be expired and be repeated, but not write', () => {
    const fields = { expiration: 0, refBlockNum: 0, refBlockPrefix: 0 };
    const reading = ledger.transaction([action('first', 'nothing', '')], { keys: [], with: fields });
    for (let i = 0; i < 2; i++) expect(ledger.pending.tryOut(reading, 'readOnly').trace.except).toBeUndefined();
    expect(ledger.pending.tryOut(reading, 'trial').trace.except?.code).toBe('tx_no_auths');
    const writing = ledger.transaction([action('first', 'store', '')], { keys: [], with: fields });
    expect(ledger.pending.tryOut(writing, 'readOnly').trace.except?.code).toBe('table_operation_not_permitted');
  });

  it('may send actions inline that they could not authorise', () => {
    const inline = action('second', 'nothing', 'alice');
    const reading = ledger.transaction([action('first', 'send', '', packed(inline))], { keys: [] });
    expect(ledger.pending.tryOut(reading, 'readOnly').trace.except).toBeUndefined();
    expect(run(action('first', 'send', 'alice', packed(inline))).except?.code).toBe('unsatisfied_authorization');
  });
});
