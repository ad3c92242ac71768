/** A chain with one producer on a host that answers at once, or too late. */
import { type PublicKey, toHex } from '@snapscale/crypto';
import { globalKeys, StateFault, type StateReader, type VerifiedTransaction } from '@snapscale/execution';
import { TestLedger } from '@snapscale/execution/testing';
import { chainConfigSchema, encode, type Json, parseAbi, stateRootOf } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import type { ReplyResult } from './effects.js';
import { LoneProducer, type LoneProducerOptions } from './testing/lone-producer.js';

function producer(options: LoneProducerOptions = {}): LoneProducer {
  const ledger = new TestLedger({ stateCommitment: options.hasStateRoots ?? false });
  for (const account of ['alice', 'bob', 'carol']) ledger.createAccount(account);
  ledger.produceBlock();
  return new LoneProducer({ ledger, ...options });
}

/** Blocks have room for a tenth of what is usual. */
function smallBlocks(): LoneProducer {
  const ledger = new TestLedger();
  for (const account of ['alice', 'bob']) ledger.createAccount(account);
  ledger.produceBlock();
  const config = { ...ledger.genesis.config, maxBlockCpuUsage: 20_000 };
  ledger.store.apply(new Map([[globalKeys.config, encode(chainConfigSchema, config)]]));
  return new LoneProducer({ ledger });
}

function authority(account: string, number: number): Json {
  const digits = [...String(number)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
  const keys = [{ key: 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV', weight: 1 }];
  return { account, permission: `p${digits}`, parent: 'active', auth: { threshold: 1, keys, accounts: [], waits: [] } };
}

/** Makes a permission of its own. */
function transaction({ ledger }: LoneProducer, account: string, number: number): VerifiedTransaction {
  return ledger.transaction([ledger.action('eosio', 'updateauth', account, authority(account, number))]);
}

function send(host: LoneProducer, account: string, count: number, first = 1): void {
  const requests = Array.from({ length: count }, (_, i) => first + i);
  host.send(requests.map((request) => ({ request, transaction: transaction(host, account, request) })));
}

const codeOf = (result: ReplyResult | undefined): string =>
  result === undefined
    ? 'waiting'
    : ((result.kind === 'rejected' ? result.rejection : result.trace.except)?.code ?? 'ok');

const codes = ({ replies }: LoneProducer): Set<string> => new Set([...replies.values()].map(codeOf));

describe('a disk that is late', () => {
  it('goes on producing while final blocks wait for the store, and on the store again when they are in it', () => {
    const host = producer({ hasStateRoots: true });
    host.held.add('committed');
    for (let i = 0; i < 5; i++) {
      send(host, 'alice', 1, i + 1);
      host.pass();
    }
    expect(host.blocks).toHaveLength(5);
    expect(host.stored).toEqual([]);
    expect(host.replica.idle).toBe(false);
    host.release('committed');
    expect(host.stored).toHaveLength(5);
    expect(host.replica.status.executed).toBe(0);
    send(host, 'alice', 1, 6);
    host.pass();
    expect(host.stored.map(({ block }) => block.transactions.length)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(codes(host)).toEqual(new Set(['ok']));
    expect(new Set(host.stored.map(({ block }) => toHex(stateRootOf(block.header)!))).size).toBe(6);
  });

  it('stops when too many final blocks wait for the store, answers all the same, and goes on by itself', () => {
    const host = producer({ replica: { uncommittedBlocksMax: 2 } });
    host.held.add('committed');
    host.pass(3_000);
    // One was begun before the second was final.
    expect(host.blocks).toHaveLength(3);
    expect(host.only('event')).toMatchObject([{ name: 'store-behind', detail: { uncommitted: 2 } }]);
    expect(host.replica.status.productionPaused).toBe(true);
    send(host, 'alice', 1);
    expect(codeOf(host.replies.get(1))).toBe('ok');
    host.release('committed');
    expect(host.events).toEqual(['store-behind', 'store-caught-up']);
    expect(host.replica.status.productionPaused).toBe(false);
    host.pass(1_000);
    expect(host.stored.length).toBeGreaterThan(2);
    expect(host.stored.flatMap(({ block }) => block.transactions)).toHaveLength(1);
  });

  it('CON-7: stops when too many blocks wait for a promise to be durable, and goes on by itself', () => {
    const host = producer({ replica: { reversibleBlocksMax: 3 } });
    host.held.add('persisted');
    host.pass(10_000);
    expect(host.events).toEqual(['production-paused']);
    expect(host.blocks.length).toBeLessThan(6);
    expect(host.stored).toEqual([]);
    host.release('persisted');
    host.pass(3_000);
    expect(host.events).toContain('production-resumed');
    expect(host.stored.length).toBeGreaterThan(6);
  });

  it('executes no more blocks of others than the store can follow, and the rest later', () => {
    const host = producer();
    host.pass(5_000);
    const follower = producer({ replica: { producers: [], finalizerKeys: [], uncommittedBlocksMax: 2 } });
    follower.held.add('committed');
    follower.stall(5_000);
    for (const block of host.blocks) follower.receive(block, []);
    expect(follower.events).toEqual(['store-behind']);
    expect(follower.replica.head.num).toBeLessThan(host.replica.head.num - 2);
    follower.release('committed');
    expect(follower.events).toContain('store-caught-up');
    expect(follower.replica.head).toEqual(host.replica.head);
    expect(follower.stored.map(({ id }) => id)).toEqual(
      host.stored.slice(0, follower.stored.length).map(({ id }) => id),
    );
  });
});

describe('slots', () => {
  it('that have passed are skipped, and the operator is told', () => {
    const host = producer();
    host.pass();
    const before = host.replica.head.slot;
    host.stall(5 * 500);
    host.pass();
    expect(host.only('event')).toMatchObject([{ name: 'slots-missed', detail: { missed: 4 } }]);
    expect(host.replica.head.slot).toBe(before + 6);
  });

  it('before the first own block were the time that the node was off', () => {
    const host = producer({ offMs: 100_000 });
    host.pass(1_000);
    expect(host.blocks.length).toBeGreaterThan(0);
    expect(host.events).toEqual([]);
  });

  it('stay empty without the key that the schedule names, and the operator is told once', () => {
    const host = producer({ replica: { canSign: (_: PublicKey) => false } });
    host.pass(3_000);
    expect(host.blocks).toEqual([]);
    expect(host.only('event')).toMatchObject([{ name: 'block-key-missing', detail: { producer: 'eosio' } }]);
    send(host, 'alice', 1);
    expect(codeOf(host.replies.get(1))).toBe('ok');
  });
});

describe('transactions', () => {
  it('that find no room are in the next blocks, account by account', () => {
    const host = smallBlocks();
    send(host, 'alice', 600);
    send(host, 'bob', 3, 701);
    expect(host.replica.status.waiting).toBeGreaterThan(0);
    for (let i = 0; i < 10 && host.replica.status.waiting > 0; i++) host.pass();
    host.pass();
    const order = host.only('reply').map(({ request }) => request);
    expect(order).toHaveLength(603);
    expect(order.indexOf(703)).toBeLessThan(order.indexOf(600));
    expect(codes(host)).toEqual(new Set(['ok']));
    expect(host.stored.flatMap(({ block }) => block.transactions)).toHaveLength(603);
  });

  it('that wait when the node is to end are refused, and those that were answered are in the last block', () => {
    const host = smallBlocks();
    send(host, 'alice', 600);
    const waiting = host.replica.status.waiting;
    expect(waiting).toBeGreaterThan(0);
    host.step({ kind: 'drain' });
    const refused = [...host.replies.values()].filter((result) => codeOf(result) === 'snap_shutting_down');
    expect(refused).toHaveLength(waiting);
    host.pass();
    expect(host.replica.idle).toBe(true);
    expect(host.stored.at(-1)!.block.transactions).toHaveLength(600 - waiting);
    host.pass(2_000);
    expect(host.blocks).toHaveLength(1);
  });

  it('come before the block that waits for its signature is the head: they see its state, and are in the next', () => {
    const host = producer();
    send(host, 'alice', 1);
    host.held.add('blockSigned');
    host.pass();
    const again = host.only('reply').length;
    const child = authority('alice', 2) as { parent: string };
    child.parent = 'pb';
    const { ledger } = host;
    const dependent = ledger.transaction([ledger.action('eosio', 'updateauth', 'alice', child as Json)]);
    host.send([{ request: 2, transaction: dependent }]);
    host.step({
      kind: 'query',
      nowMs: host.nowMs,
      request: 3,
      mode: 'trial',
      transaction: transaction(host, 'bob', 3),
    });
    expect(host.only('reply')).toHaveLength(again + 1);
    expect(codeOf(host.replies.get(3))).toBe('ok');
    host.release('blockSigned');
    expect(codeOf(host.replies.get(2))).toBe('ok');
    host.pass();
    expect(host.stored.map(({ block }) => block.transactions.length)).toEqual([1, 1]);
  });
});

describe('defects', () => {
  /** Reads of the state fail with `fault.error`. */
  const faulty = () => {
    const fault: { error: Error | undefined } = { error: undefined };
    const host = producer({
      readThrough: (store): StateReader => ({
        get: (key) => {
          if (fault.error !== undefined) throw fault.error;
          return store.get(key);
        },
        first: (from, to) => store.first(from, to),
        last: (from, to) => store.last(from, to),
      }),
    });
    return { host, fault };
  };

  it('a state that cannot be read stops the node, and no transaction is blamed', () => {
    const { host, fault } = faulty();
    fault.error = new StateFault('the disk is gone');
    expect(() => send(host, 'bob', 1)).toThrow(StateFault);
  });

  it('a transaction that finds one is left out, and the node goes on', () => {
    const { host, fault } = faulty();
    fault.error = new TypeError('a defect');
    send(host, 'bob', 1);
    fault.error = undefined;
    expect(codeOf(host.replies.get(1))).toBe('snap_node_failure');
    expect(host.events).toEqual(['execution-fault']);
    send(host, 'bob', 1, 2);
    expect(codeOf(host.replies.get(2))).toBe('ok');
  });
});

describe('a node that does not produce', () => {
  it('reminds the producers of what they have not put into a block', () => {
    const source = producer();
    const follower = producer({ replica: { producers: [], finalizerKeys: [] } });
    send(follower, 'alice', 1);
    send(follower, 'bob', 1, 2);
    const ids = () =>
      follower.only('relayTransactions').map(({ transactions }) => transactions.map(({ id }) => toHex(id)));
    const [[alices], [bobs]] = ids() as [[string], [string]];
    const follow = (count: number) => {
      for (let i = 0; i < count; i++) {
        source.pass();
        follower.pass();
        const { block } = source.stored.at(-1)!;
        follower.receive(block, block.transactions.length === 0 ? [] : [transaction(source, 'bob', 2)]);
      }
    };
    follow(9);
    expect(ids()).toEqual([[alices], [bobs], [alices, bobs]]);
    follow(8);
    expect(ids()).toHaveLength(4);
  });
});

describe('transactions of peers', () => {
  /** Exports an `apply` that goes round in circles. */
  const circling = Uint8Array.of(
    ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 3, 126, 126, 126, 0, 3, 2, 1, 0],
    ...[7, 9, 1, 5, 97, 112, 112, 108, 121, 0, 0, 10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11],
  );
  const circlingAbi = parseAbi({
    version: 'eosio::abi/1.1',
    structs: [{ name: 'run', base: '', fields: [{ name: 'number', type: 'uint32' }] }],
    actions: [{ name: 'run', type: 'run', ricardian_contract: '' }],
  });

  it('of an account whose transactions fail at the expense of all take no places from honest ones', () => {
    const ledger = new TestLedger();
    for (const account of ['alice', 'bob', 'carol']) ledger.createAccount(account);
    ledger.deploy('carol', circling, circlingAbi);
    ledger.produceBlock();
    const host = new LoneProducer({ ledger });
    const relay = (transactions: readonly VerifiedTransaction[]) => {
      const submissions = transactions.map((one) => ({ request: 0, transaction: one }));
      host.step({ kind: 'transactions', nowMs: host.nowMs, submissions, from: 1 });
    };
    const circle = (number: number) => ledger.transaction([ledger.action('carol', 'run', 'alice', { number })]);
    // More than is forgiven with a draft.
    expect(ledger.apply(circle(0))).toMatchObject({ except: { code: 'tx_cpu_usage_exceeded' } });
    expect(ledger.apply(circle(0)).elapsedUs).toBeGreaterThan(50_000);
    relay([1, 2, 3, 4].map(circle));
    expect(host.replica.status.waiting).toBe(0);
    relay([circle(5), transaction(host, 'bob', 6)]);
    expect(host.replica.status.waiting).toBe(0);
    host.pass();
    expect(host.blocks.at(-1)!.transactions).toHaveLength(1);
  });
});
