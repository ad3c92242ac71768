import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ABI, Serializer } from '@wharfkit/antelope';
import { beforeEach, describe, expect, test } from 'vitest';
import { artifactPath } from '../../compiler/build-system-contracts.js';
import { type ActionOutcome, ContractFailure, encodeName, MockHost } from '../../tests/mock-host.js';

const self = 'eosio.msig';
const code = readFileSync(artifactPath(self, 'wasm'));
const abi = ABI.from(readFileSync(artifactPath(self, 'abi'), 'utf8'));
const second = 1_000_000n;
const startUs = BigInt(Date.parse('2026-01-01T00:00:00Z')) * 1000n;

let host: MockHost;
/** The permissions that the proposed transaction needs, as the chain would find out. */
let needed: string[];

beforeEach(() => {
  host = new MockHost();
  host.timeUs = startUs;
  needed = ['alice@active', 'bob@active'];
  host.extra.set('check_transaction_authorization', (memory: DataView, ...args: number[]) => {
    const [, , , , pointer = 0, size = 0] = args;
    const bytes = new Uint8Array(memory.buffer.slice(pointer, pointer + size));
    const levels = Serializer.decode({ data: bytes, type: 'permission_level[]', abi }) as {
      actor: unknown;
      permission: unknown;
    }[];
    const given = levels.map(({ actor, permission }) => `${actor}@${permission}`);
    return Number(needed.every((level) => given.includes(level)));
  });
  host.extra.set('assert_sha256', (memory: DataView, ...args: number[]) => {
    const [data = 0, size = 0, hash = 0] = args;
    const actual = createHash('sha256')
      .update(new Uint8Array(memory.buffer.slice(data, data + size)))
      .digest();
    if (!actual.equals(new Uint8Array(memory.buffer.slice(hash, hash + 32))))
      throw new ContractFailure('hash mismatch');
  });
});

const level = (actor: string) => ({ actor, permission: 'active' });
const transfer = { account: 'eosio.token', name: 'transfer', authorization: [level('alice')], data: 'cafe' };

function trx(changes: object = {}): object {
  return {
    expiration: '2026-01-01T01:00:00',
    ref_block_num: 1,
    ref_block_prefix: 2,
    max_net_usage_words: 0,
    max_cpu_usage_ms: 0,
    delay_sec: 0,
    context_free_actions: [],
    actions: [transfer, { ...transfer, authorization: [level('bob')] }],
    transaction_extensions: [],
    ...changes,
  };
}

function encode(type: string, object: unknown): Uint8Array {
  return Serializer.encode({ object, type, abi } as never).array;
}

function run(action: string, auth: string, data: object, more = new Uint8Array()): ActionOutcome {
  return host.apply(code, {
    receiver: self,
    action,
    auth: [auth],
    data: Buffer.concat([encode(action, { proposer: 'carol', proposal_name: 'pay', ...data }), more]),
  });
}

/** A proposal without its last bytes. */
function truncated(): Uint8Array {
  const data = { proposer: 'carol', proposal_name: 'pay', requested: [level('alice'), level('bob')], trx: trx() };
  return encode('propose', data).slice(0, -3);
}

const propose = (changes = {}, requested = ['alice', 'bob', 'dave']) =>
  run('propose', 'carol', { requested: requested.map(level), trx: trx(changes) });
const approve = (actor: string, more = {}) => run('approve', actor, { level: level(actor), ...more });
const unapprove = (actor: string) => run('unapprove', actor, { level: level(actor) });
const exec = () => run('exec', 'erin', { executer: 'erin' });
const cancel = (canceler: string) => run('cancel', canceler, { canceler });

function stored(table: string, type: string): unknown {
  const bytes = host.database.row(encodeName(self), encodeName('carol'), encodeName(table), encodeName('pay'));
  return bytes && Serializer.objectify(Serializer.decode({ data: bytes, type, abi }));
}

describe('propose', () => {
  test('stores the transaction and whose approvals it asks for', () => {
    propose();
    expect(stored('proposal', 'proposal')).toEqual({
      proposal_name: 'pay',
      packed_transaction: Buffer.from(encode('transaction', trx())).toString('hex'),
      earliest_exec_time: null,
    });
    expect(stored('approvals2', 'approvals_info')).toMatchObject({
      version: 1,
      requested_approvals: ['alice', 'bob', 'dave'].map((actor) => ({ level: level(actor) })),
      provided_approvals: [],
    });
  });

  test.each([
    [
      'without the proposer’s authority',
      () => run('propose', 'alice', { requested: [], trx: trx() }),
      'missing authority of carol',
    ],
    ['that has expired', () => propose({ expiration: '2025-12-31T23:59:59' }), 'transaction expired'],
    ['whose approvals would not suffice', () => propose({}, ['alice']), 'transaction authorization failed'],
    [
      'with context-free actions',
      () => propose({ context_free_actions: [{ ...transfer, authorization: [] }] }),
      'not allowed to `propose` a transaction with context-free actions',
    ],
    [
      'that other data follows',
      () => run('propose', 'carol', { requested: [level('alice'), level('bob')], trx: trx() }, Uint8Array.of(0)),
      'the transaction is followed by other data',
    ],
    [
      'that ends early',
      () => host.apply(code, { receiver: self, action: 'propose', auth: ['carol'], data: truncated() }),
      'datastream attempted to read past the end',
    ],
  ])('refuses one %s', (_, action, message) => {
    expect(action).toThrow(message);
  });

  test('refuses a name that the proposer uses already', () => {
    propose();
    expect(() => propose()).toThrow('proposal with the same name exists');
  });
});

describe('approve, unapprove and exec', () => {
  beforeEach(() => void propose());

  test('with the needed approvals anyone executes the actions, once', () => {
    approve('alice');
    expect(exec).toThrow('transaction authorization failed');
    approve('bob');
    const { inline } = exec();
    expect(
      inline.map((bytes) => Serializer.objectify(Serializer.decode({ data: bytes, type: 'action', abi }))),
    ).toEqual([transfer, { ...transfer, authorization: [level('bob')] }]);
    expect(stored('proposal', 'proposal')).toBeUndefined();
    expect(stored('approvals2', 'approvals_info')).toBeUndefined();
    expect(exec).toThrow('proposal not found');
  });

  test('an approval taken back is missing, and can be given again', () => {
    approve('alice');
    approve('bob');
    unapprove('alice');
    expect(exec).toThrow('transaction authorization failed');
    expect(() => unapprove('alice')).toThrow('no approval previously granted');
    approve('alice');
    exec();
  });

  test('only requested accounts approve, once each, by their own authority', () => {
    expect(() => approve('mallory')).toThrow('approval is not on the list of requested approvals');
    approve('alice');
    expect(() => approve('alice')).toThrow('approval is not on the list of requested approvals');
    expect(() => run('approve', 'mallory', { level: level('bob') })).toThrow('missing authority of bob');
  });

  test('an approval may insist on the hash of the transaction', () => {
    const hash = createHash('sha256').update(encode('transaction', trx())).digest('hex');
    expect(() => approve('alice', { proposal_hash: '00'.repeat(32) })).toThrow('hash mismatch');
    approve('alice', { proposal_hash: hash });
  });

  test('approvals that their account voided do not count; later ones do', () => {
    approve('alice');
    approve('bob');
    host.timeUs += second;
    run('invalidate', 'alice', { account: 'alice' });
    expect(exec).toThrow('transaction authorization failed');
    unapprove('alice');
    host.timeUs += second;
    approve('alice');
    exec();
  });

  test('a transaction that has expired does not run', () => {
    approve('alice');
    approve('bob');
    host.timeUs += 3601n * second;
    expect(exec).toThrow('transaction expired');
  });
});

test('a delay runs from the last needed approval on, and anew after one was taken back', () => {
  propose({ delay_sec: 600 });
  approve('alice');
  host.timeUs += 100n * second;
  approve('bob');
  expect(stored('proposal', 'proposal')).toMatchObject({ earliest_exec_time: '2026-01-01T00:11:40.000' });
  host.timeUs += 599n * second;
  expect(exec).toThrow('too early to execute');
  unapprove('bob');
  approve('bob');
  host.timeUs += second;
  expect(exec).toThrow('too early to execute');
  host.timeUs += 599n * second;
  exec();
});

describe('what is refused', () => {
  test.each([
    ['an approval', () => approve('alice')],
    ['taking an approval back', () => unapprove('alice')],
    ['the execution', exec],
    ['the end', () => cancel('carol')],
  ])('%s of a proposal that there is not', (_, action) => {
    expect(action).toThrow('proposal not found');
  });

  test.each([
    ['taking back an approval', () => run('unapprove', 'mallory', { level: level('alice') }), 'alice'],
    ['executing', () => run('exec', 'mallory', { executer: 'erin' }), 'erin'],
    ['cancelling', () => run('cancel', 'mallory', { canceler: 'carol' }), 'carol'],
    ['voiding approvals', () => run('invalidate', 'mallory', { account: 'alice' }), 'alice'],
  ])('%s in the name of another', (_, action, account) => {
    propose();
    approve('alice');
    approve('bob');
    expect(action).toThrow(`missing authority of ${account}`);
  });
});

describe('cancel', () => {
  beforeEach(() => void propose());

  test('is the proposer’s at any time', () => {
    cancel('carol');
    expect(stored('proposal', 'proposal')).toBeUndefined();
    expect(stored('approvals2', 'approvals_info')).toBeUndefined();
    expect(() => cancel('carol')).toThrow('proposal not found');
  });

  test('is everyone’s after the transaction expired', () => {
    expect(() => cancel('mallory')).toThrow('cannot cancel until expiration');
    host.timeUs += 3601n * second;
    cancel('mallory');
    expect(stored('proposal', 'proposal')).toBeUndefined();
  });
});
