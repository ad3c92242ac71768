import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { artifactPath } from '../../compiler/build-system-contracts.js';
import { type ActionOutcome, encodeName, MockHost, pack } from '../../tests/mock-host.js';

const code = readFileSync(artifactPath('eosio.token', 'wasm'));
const self = 'eosio.token';
const symbolCode = pack.symbol('0,XST').subarray(1);
const symbolNumber = Buffer.concat([symbolCode, Buffer.alloc(1)]).readBigUInt64LE();

let host: MockHost;

beforeEach(() => {
  host = new MockHost();
  for (const account of [self, 'alice', 'bob', 'carol']) host.accounts.add(account);
});

function run(action: string, auth: readonly string[], ...data: readonly Uint8Array[]): ActionOutcome {
  return host.apply(code, { receiver: self, action, auth, data: pack.all(...data) });
}

const create = (issuer: string, maximum: string, auth = [self]) =>
  run('create', auth, pack.name(issuer), pack.asset(maximum));
const issue = (to: string, quantity: string, auth = [to], memo = '') =>
  run('issue', auth, pack.name(to), pack.asset(quantity), pack.text(memo));
const issueFixed = (to: string, supply: string, auth = [to], memo = '') =>
  run('issuefixed', auth, pack.name(to), pack.asset(supply), pack.text(memo));
const setMaximum = (issuer: string, maximum: string, auth = [issuer]) =>
  run('setmaxsupply', auth, pack.name(issuer), pack.asset(maximum));
const retire = (quantity: string, auth: readonly string[], memo = '') =>
  run('retire', auth, pack.asset(quantity), pack.text(memo));
const transfer = (from: string, to: string, quantity: string, auth = [from], memo = '') =>
  run('transfer', auth, pack.name(from), pack.name(to), pack.asset(quantity), pack.text(memo));
const open = (owner: string, symbol: string, payer: string, auth = [payer]) =>
  run('open', auth, pack.name(owner), pack.symbol(symbol), pack.name(payer));
const close = (owner: string, symbol: string, auth = [owner]) =>
  run('close', auth, pack.name(owner), pack.symbol(symbol));

function balanceRow(owner: string): string | undefined {
  const row = host.database.row(encodeName(self), encodeName(owner), encodeName('accounts'), symbolNumber);
  return row && Buffer.from(row).toString('hex');
}

function statRow(): string | undefined {
  const row = host.database.row(encodeName(self), symbolNumber, encodeName('stat'), symbolNumber);
  return row && Buffer.from(row).toString('hex');
}

function payerOf(owner: string): bigint | undefined {
  return host.database.payer(encodeName(self), encodeName(owner), encodeName('accounts'), symbolNumber);
}

const hex = (...parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString('hex');

describe('create', () => {
  test('stores a token without supply', () => {
    create('alice', '1000.0000 XST');
    expect(statRow()).toBe(hex(pack.asset('0.0000 XST'), pack.asset('1000.0000 XST'), pack.name('alice')));
  });

  test.each([
    [
      'without the contract’s authority',
      () => create('alice', '1.0000 XST', ['alice']),
      'missing authority of eosio.token',
    ],
    ['of a lower-case symbol', () => create('alice', '1.0000 xst'), 'invalid symbol name'],
    ['of no symbol', () => create('alice', '1.0000 '), 'invalid symbol name'],
    ['of an amount beyond 2^62 - 1', () => create('alice', '4611686018427387904 XST'), 'invalid supply'],
    ['of nothing', () => create('alice', '0.0000 XST'), 'max-supply must be positive'],
    ['of a negative amount', () => create('alice', '-1.0000 XST'), 'max-supply must be positive'],
  ])('fails %s', (_, action, message) => {
    expect(action).toThrow(message);
  });

  test('fails for a symbol that exists, whatever its precision', () => {
    create('alice', '1000.0000 XST');
    expect(() => create('bob', '10.00 XST')).toThrow('token with symbol already exists');
  });
});

describe('issue', () => {
  beforeEach(() => void create('alice', '1000.0000 XST'));

  test('adds to the supply and to the issuer’s balance', () => {
    issue('alice', '400.0000 XST');
    issue('alice', '600.0000 XST');
    expect(balanceRow('alice')).toBe(hex(pack.asset('1000.0000 XST')));
    expect(statRow()).toBe(hex(pack.asset('1000.0000 XST'), pack.asset('1000.0000 XST'), pack.name('alice')));
    expect(payerOf('alice')).toBe(encodeName('alice'));
  });

  test.each([
    ['to another than the issuer', () => issue('bob', '1.0000 XST'), 'tokens can only be issued to issuer account'],
    ['without the issuer’s authority', () => issue('alice', '1.0000 XST', ['bob']), 'missing authority of alice'],
    [
      'of an unknown token',
      () => issue('alice', '1.0000 YST'),
      'token with symbol does not exist, create token before issue',
    ],
    ['of another precision', () => issue('alice', '1.00 XST'), 'symbol precision mismatch'],
    ['of nothing', () => issue('alice', '0.0000 XST'), 'must issue positive quantity'],
    ['of an amount beyond 2^62 - 1', () => issue('alice', '461168601842738.7904 XST'), 'invalid quantity'],
    ['beyond the maximum', () => issue('alice', '1000.0001 XST'), 'quantity exceeds available supply'],
    [
      'with a memo of 257 bytes',
      () => issue('alice', '1.0000 XST', ['alice'], 'm'.repeat(257)),
      'memo has more than 256 bytes',
    ],
    ['of an invalid symbol', () => issue('alice', '1.0000 x'), 'invalid symbol name'],
  ])('fails %s', (_, action, message) => {
    expect(action).toThrow(message);
  });
});

describe('issuefixed', () => {
  beforeEach(() => void create('alice', '1000.0000 XST'));

  test('issues what is missing to the supply', () => {
    issue('alice', '400.0000 XST');
    issueFixed('alice', '900.0000 XST');
    expect(balanceRow('alice')).toBe(hex(pack.asset('900.0000 XST')));
    expect(statRow()).toBe(hex(pack.asset('900.0000 XST'), pack.asset('1000.0000 XST'), pack.name('alice')));
  });

  test.each([
    ['to another than the issuer', () => issueFixed('bob', '1.0000 XST'), 'only be issued to issuer account'],
    ['without authority', () => issueFixed('alice', '1.0000 XST', ['bob']), 'missing authority of alice'],
    ['an unknown token', () => issueFixed('alice', '1.0000 YST'), 'token with symbol does not exist'],
    ['another precision', () => issueFixed('alice', '1.00 XST'), 'symbol precision mismatch'],
    ['beyond 2^62 - 1', () => issueFixed('alice', '461168601842738.7904 XST'), 'invalid quantity'],
    ['beyond the maximum', () => issueFixed('alice', '1000.0001 XST'), 'quantity exceeds available supply'],
    ['the supply that there is', () => issueFixed('alice', '0.0000 XST'), 'must issue positive quantity'],
    ['less than there is', () => issueFixed('alice', '-1.0000 XST'), 'must issue positive quantity'],
    ['a memo of 257 bytes', () => issueFixed('alice', '1.0000 XST', ['alice'], 'm'.repeat(257)), 'more than 256 bytes'],
  ])('fails: %s', (_, action, message) => {
    expect(action).toThrow(message);
    expect(balanceRow('alice')).toBeUndefined();
  });
});

describe('setmaxsupply', () => {
  beforeEach(() => {
    create('alice', '1000.0000 XST');
    issue('alice', '400.0000 XST');
  });

  test.each([['5000.0000 XST'], ['400.0000 XST']])('sets it to %s', (maximum) => {
    setMaximum('alice', maximum);
    expect(statRow()).toBe(hex(pack.asset('400.0000 XST'), pack.asset(maximum), pack.name('alice')));
  });

  test.each([
    ['by another than the issuer', () => setMaximum('bob', '5.0000 XST'), 'only token issuer can set'],
    ['without authority', () => setMaximum('alice', '5.0000 XST', ['bob']), 'missing authority of alice'],
    ['of an unknown token', () => setMaximum('alice', '5.0000 YST'), 'token supply does not exist'],
    ['of another precision', () => setMaximum('alice', '500.00 XST'), 'symbol precision mismatch'],
    ['below the supply', () => setMaximum('alice', '399.9999 XST'), 'max supply is less than available supply'],
    ['to nothing', () => setMaximum('alice', '0.0000 XST'), 'max-supply must be positive'],
    ['beyond 2^62 - 1', () => setMaximum('alice', '461168601842738.7904 XST'), 'invalid supply'],
    ['of a lower-case symbol', () => setMaximum('alice', '5.0000 xst'), 'invalid symbol name'],
  ])('fails %s', (_, action, message) => {
    expect(action).toThrow(message);
  });
});

describe('retire', () => {
  beforeEach(() => {
    create('alice', '1000.0000 XST');
    issue('alice', '500.0000 XST');
  });

  test('takes from the supply and from the issuer’s balance', () => {
    retire('200.0000 XST', ['alice']);
    expect(balanceRow('alice')).toBe(hex(pack.asset('300.0000 XST')));
    expect(statRow()).toBe(hex(pack.asset('300.0000 XST'), pack.asset('1000.0000 XST'), pack.name('alice')));
  });

  test.each([
    ['without the issuer’s authority', () => retire('1.0000 XST', ['bob']), 'missing authority of alice'],
    ['of an unknown token', () => retire('1.0000 YST', ['alice']), 'token with symbol does not exist'],
    ['of another precision', () => retire('1.00 XST', ['alice']), 'symbol precision mismatch'],
    ['of a negative amount', () => retire('-1.0000 XST', ['alice']), 'must retire positive quantity'],
    ['of more than the issuer has', () => retire('500.0001 XST', ['alice']), 'overdrawn balance'],
    [
      'with a memo of 257 bytes',
      () => retire('1.0000 XST', ['alice'], 'm'.repeat(257)),
      'memo has more than 256 bytes',
    ],
  ])('fails %s', (_, action, message) => {
    expect(action).toThrow(message);
  });
});

describe('transfer', () => {
  beforeEach(() => {
    create('alice', '1000.0000 XST');
    issue('alice', '500.0000 XST');
  });

  test('moves an amount, notifies both, and stays in one page of memory', () => {
    const outcome = transfer('alice', 'bob', '12.3456 XST', ['alice'], 'm'.repeat(256));
    expect(outcome.notified).toEqual(['alice', 'bob']);
    expect(outcome.memoryPages).toBe(1);
    expect(balanceRow('alice')).toBe(hex(pack.asset('487.6544 XST')));
    expect(balanceRow('bob')).toBe(hex(pack.asset('12.3456 XST')));
  });

  test('charges the sender for a new balance, or the recipient who signs too', () => {
    transfer('alice', 'bob', '1.0000 XST');
    transfer('alice', 'carol', '1.0000 XST', ['alice', 'carol']);
    expect(payerOf('bob')).toBe(encodeName('alice'));
    expect(payerOf('carol')).toBe(encodeName('carol'));
  });

  test('lets the sender pay for its own balance from its first transfer on', () => {
    transfer('alice', 'bob', '2.0000 XST');
    transfer('bob', 'carol', '1.0000 XST');
    expect(payerOf('bob')).toBe(encodeName('bob'));
  });

  test.each([
    ['to oneself', () => transfer('alice', 'alice', '1.0000 XST'), 'cannot transfer to self'],
    ['without authority', () => transfer('alice', 'bob', '1.0000 XST', ['bob']), 'missing authority of alice'],
    ['to nobody', () => transfer('alice', 'nobody', '1.0000 XST'), 'to account does not exist'],
    ['of an unknown token', () => transfer('alice', 'bob', '1.0000 YST'), 'unable to find key'],
    ['of another precision', () => transfer('alice', 'bob', '1.00 XST'), 'symbol precision mismatch'],
    ['of a negative amount', () => transfer('alice', 'bob', '-1.0000 XST'), 'must transfer positive quantity'],
    ['of an amount beyond 2^62 - 1', () => transfer('alice', 'bob', '461168601842738.7904 XST'), 'invalid quantity'],
    ['of more than there is', () => transfer('alice', 'bob', '500.0001 XST'), 'overdrawn balance'],
    ['from an account without a balance', () => transfer('bob', 'alice', '1.0000 XST'), 'no balance object found'],
    [
      'with a memo of 257 bytes',
      () => transfer('alice', 'bob', '1.0000 XST', ['alice'], 'm'.repeat(257)),
      'memo has more than 256 bytes',
    ],
  ])('fails %s', (_, action, message) => {
    expect(action).toThrow(message);
    expect(balanceRow('alice')).toBe(hex(pack.asset('500.0000 XST')));
  });
});

describe('open and close', () => {
  beforeEach(() => void create('alice', '1000.0000 XST'));

  test('an empty balance comes and goes', () => {
    open('bob', '4,XST', 'carol');
    expect(balanceRow('bob')).toBe(hex(pack.asset('0.0000 XST')));
    expect(payerOf('bob')).toBe(encodeName('carol'));
    close('bob', '4,XST');
    expect(balanceRow('bob')).toBeUndefined();
  });

  test('opening again changes nothing', () => {
    issue('alice', '5.0000 XST');
    open('alice', '4,XST', 'bob');
    expect(balanceRow('alice')).toBe(hex(pack.asset('5.0000 XST')));
    expect(payerOf('alice')).toBe(encodeName('alice'));
  });

  test.each([
    ['open without the payer’s authority', () => open('bob', '4,XST', 'carol', ['bob']), 'missing authority of carol'],
    ['open for nobody', () => open('nobody', '4,XST', 'carol'), 'owner account does not exist'],
    ['open of an unknown token', () => open('bob', '4,YST', 'carol'), 'symbol does not exist'],
    ['open of another precision', () => open('bob', '2,XST', 'carol'), 'symbol precision mismatch'],
    ['close without authority', () => close('bob', '4,XST', ['alice']), 'missing authority of bob'],
    [
      'close of nothing',
      () => close('bob', '4,XST'),
      "Balance row already deleted or never existed. Action won't have any effect.",
    ],
  ])('fails: %s', (_, action, message) => {
    expect(action).toThrow(message);
  });

  test('closing a balance that is not zero fails', () => {
    issue('alice', '5.0000 XST');
    expect(() => close('alice', '4,XST')).toThrow('Cannot close because the balance is not zero.');
  });
});

test('an action that the contract does not have fails with a code', () => {
  expect(() => run('mint', [self])).toThrow('code 8000000000000000000');
});

test('action data that ends early fails', () => {
  expect(() => run('transfer', ['alice'], pack.name('alice'))).toThrow('datastream attempted to read past the end');
});

test('a notification of another contract is ignored', () => {
  const outcome = host.apply(code, { receiver: self, code: 'other', action: 'transfer', data: new Uint8Array() });
  expect(outcome.notified).toEqual([]);
});

test('imports come from env only, and only apply and the memory are exported', () => {
  const module = new WebAssembly.Module(code);
  expect(new Set(WebAssembly.Module.imports(module).map((entry) => entry.module))).toEqual(new Set(['env']));
  expect(
    WebAssembly.Module.exports(module)
      .map((entry) => entry.name)
      .sort(),
  ).toEqual(['apply', 'memory']);
});
