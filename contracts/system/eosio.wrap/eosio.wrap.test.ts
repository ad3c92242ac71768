import { readFileSync } from 'node:fs';
import { ABI, Serializer } from '@wharfkit/antelope';
import { beforeEach, describe, expect, test } from 'vitest';
import { artifactPath } from '../../compiler/build-system-contracts.js';
import { type ActionOutcome, MockHost } from '../../tests/mock-host.js';

const self = 'eosio.wrap';
const code = readFileSync(artifactPath(self, 'wasm'));
const abi = ABI.from(readFileSync(artifactPath(self, 'abi'), 'utf8'));

const transfer = {
  account: 'eosio.token',
  name: 'transfer',
  authorization: [{ actor: 'alice', permission: 'active' }],
  data: 'cafe',
};
const second = { ...transfer, name: 'close', authorization: [{ actor: 'bob', permission: 'owner' }] };

let host: MockHost;

beforeEach(() => {
  host = new MockHost();
  host.timeUs = BigInt(Date.parse('2026-01-01T00:00:00Z')) * 1000n;
});

function transaction(changes: object = {}): object {
  return {
    expiration: '2026-01-01T01:00:00',
    ref_block_num: 1,
    ref_block_prefix: 2,
    max_net_usage_words: 0,
    max_cpu_usage_ms: 0,
    delay_sec: 0,
    context_free_actions: [],
    actions: [transfer, second],
    transaction_extensions: [],
    ...changes,
  };
}

function exec(trx: object, auth = [self, 'alice']): ActionOutcome {
  return execBytes(encode(trx), auth);
}

function encode(trx: object): Uint8Array {
  return Serializer.encode({ object: { executer: 'alice', trx }, type: 'exec', abi }).array;
}

function execBytes(data: Uint8Array, auth = [self, 'alice']): ActionOutcome {
  return host.apply(code, { receiver: self, action: 'exec', auth, data });
}

/** The inline actions of an outcome, as JSON. */
function sent({ inline }: ActionOutcome): unknown {
  return inline.map((data) => JSON.parse(JSON.stringify(Serializer.decode({ data, type: 'action', abi }))));
}

describe('exec', () => {
  test('sends the actions in their order, with the authorizations that they name', () => {
    expect(sent(exec(transaction()))).toEqual([transfer, second]);
  });

  test('runs in the second of the expiration', () => {
    expect(sent(exec(transaction({ expiration: '2026-01-01T00:00:00' })))).toHaveLength(2);
  });

  test('does nothing for a transaction without actions', () => {
    expect(sent(exec(transaction({ actions: [] })))).toEqual([]);
  });

  test.each([
    ['without the contract’s authority', () => exec(transaction(), ['alice']), 'missing authority of eosio.wrap'],
    ['without the executer’s authority', () => exec(transaction(), [self]), 'missing authority of alice'],
    ['an expired one', () => exec(transaction({ expiration: '2025-12-31T23:59:59' })), 'transaction expired'],
    [
      'one with context-free actions',
      () => exec(transaction({ context_free_actions: [transfer] })),
      'not allowed to `exec` a transaction with context-free actions',
    ],
    ['one that ends early', () => execBytes(encode(transaction()).slice(0, -3)), 'attempted to read past the end'],
  ])('fails: %s', (_, action, message) => {
    expect(action).toThrow(message);
  });
});
