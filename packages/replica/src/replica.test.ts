import type { Signature } from '@snapscale/crypto';
import { type Changeset, isCommitted, StateCommitment, StateFault, type StateReader } from '@snapscale/execution';
import { blockId, slotToMs, stateRootOf } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { TestLedger } from '../../execution/src/testing/test-ledger.js';
import type { Effect } from './effects.js';
import type { Input } from './inputs.js';
import { Replica, type ReplicaOptions } from './replica.js';

const signature = new Uint8Array(66) as Signature;

/** A host in memory: signs at once, and stores when told to. */
class TestHost {
  readonly ledger = new TestLedger({ stateCommitment: true });
  readonly replica: Replica;
  readonly effects: Effect[] = [];
  readonly unstored: Extract<Effect, { kind: 'persist' }>['block'][] = [];
  readonly #buckets = new Map<string, Uint8Array>();
  nowMs: number;
  /** Reads of the store fail. */
  isBroken = false;
  /** Thrown by reads of the store. */
  defect: Error | undefined;

  constructor(options: Partial<ReplicaOptions> = {}) {
    const { ledger } = this;
    for (const account of ['alice', 'bob', 'carol']) ledger.createAccount(account);
    ledger.produceBlock();
    const commitment = new StateCommitment({ get: (path) => this.#buckets.get(path), scan: () => this.#buckets });
    const { bucketWrites, token } = commitment.update([...ledger.store.entries()].filter(([key]) => isCommitted(key)));
    this.#store(bucketWrites);
    commitment.forget(token);
    this.replica = new Replica({
      services: ledger.services,
      store: this.#reader(),
      final: ledger.head,
      commitment,
      canSign: () => true,
      ...options,
    });
    this.nowMs = slotToMs(ledger.head.header.slot) + 100;
    this.step({ kind: 'tick', nowMs: this.nowMs });
  }

  step(input: Input): Effect[] {
    const made = this.replica.step(input);
    for (const effect of made) {
      this.effects.push(effect);
      if (effect.kind === 'sign') this.step({ kind: 'signed', num: effect.num, signature });
      if (effect.kind === 'persist') this.unstored.push(effect.block);
    }
    if (made.some(({ kind }) => kind === 'continue')) this.step({ kind: 'tick', nowMs: this.nowMs });
    return made;
  }

  tick(ms = 500): void {
    this.nowMs += ms;
    this.step({ kind: 'tick', nowMs: this.nowMs });
  }

  /** Makes everything durable that was completed. */
  store(): void {
    for (const block of this.unstored.splice(0)) {
      this.ledger.store.apply(block.changes);
      this.#store(block.buckets);
      this.step({ kind: 'persisted', num: block.num });
    }
  }

  /** Sends actions that create a permission each. */
  send(account: string, count: number, first = 1): void {
    const submissions = Array.from({ length: count }, (_, i) => ({
      request: first + i,
      transaction: this.ledger.transaction([
        this.ledger.action('eosio', 'updateauth', account, authority(account, first + i)),
      ]),
    }));
    this.step({ kind: 'transactions', nowMs: this.nowMs, submissions });
  }

  replies(): Extract<Effect, { kind: 'reply' }>[] {
    return this.effects.filter((effect) => effect.kind === 'reply');
  }

  #reader(): StateReader {
    const { store } = this.ledger;
    const check = () => {
      if (this.isBroken) throw new StateFault('the disk is gone');
      if (this.defect !== undefined) throw this.defect;
    };
    return {
      get: (key) => {
        check();
        return store.get(key);
      },
      first: (from, to) => store.first(from, to),
      last: (from, to) => store.last(from, to),
    };
  }

  #store(changes: Changeset): void {
    for (const [path, leaves] of changes) {
      if (leaves === null) this.#buckets.delete(path);
      else this.#buckets.set(path, leaves);
    }
  }
}

function authority(account: string, number: number) {
  const digits = [...String(number)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
  const keys = [{ key: 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV', weight: 1 }];
  return { account, permission: `p${digits}`, parent: 'active', auth: { threshold: 1, keys, accounts: [], waits: [] } };
}

describe('a replica with one producer', () => {
  it('executes at once, closes at the slot, and is final when durable', () => {
    const host = new TestHost();
    host.send('alice', 3);
    expect(host.replies().map(({ result }) => result.kind)).toEqual(['trace', 'trace', 'trace']);
    expect(host.unstored).toHaveLength(0);
    host.tick();
    expect(host.unstored).toHaveLength(1);
    expect(host.unstored[0]!.block.transactions).toHaveLength(3);
    expect(host.effects.some(({ kind }) => kind === 'finalized')).toBe(false);
    host.store();
    expect(host.effects.at(-1)).toMatchObject({ kind: 'finalized', num: host.ledger.head.num + 1 });
  });

  it('posts the changes of a transaction before the reply to it', () => {
    const host = new TestHost();
    host.send('alice', 1);
    const kinds = host.effects.map(({ kind }) => kind);
    expect(kinds.lastIndexOf('changes')).toBe(kinds.indexOf('reply') - 1);
  });

  it('goes on producing while blocks wait for the disk, and rebases when they are stored', () => {
    const host = new TestHost();
    for (let i = 0; i < 5; i++) {
      host.send('alice', 1, i + 1);
      host.tick();
    }
    expect(host.unstored).toHaveLength(5);
    expect(host.replica.reversible).toBe(5);
    host.store();
    host.send('alice', 1, 6);
    host.tick();
    host.store();
    const failed = host.replies().filter(({ result }) => result.kind !== 'trace' || result.trace.except !== undefined);
    expect(failed).toEqual([]);
    expect(host.replica.reversible).toBe(0);
  });

  it('pauses when too many blocks wait for the disk, and resumes by itself', () => {
    const host = new TestHost({ reversibleBlocksMax: 2 });
    for (let i = 0; i < 4; i++) host.tick();
    expect(host.unstored).toHaveLength(2);
    expect(host.effects).toContainEqual({ kind: 'event', name: 'production-paused', detail: { reversible: 2 } });
    host.store();
    host.tick();
    expect(host.effects.some((effect) => effect.kind === 'event' && effect.name === 'production-resumed')).toBe(true);
    host.tick();
    expect(host.unstored).toHaveLength(1);
  });

  it('skips slots that have passed, and says so', () => {
    const host = new TestHost();
    host.tick();
    const before = host.replica.head.header.slot;
    host.tick(5 * 500);
    host.tick();
    expect(host.replica.head.header.slot).toBeGreaterThan(before + 1);
    expect(host.effects.some((effect) => effect.kind === 'event' && effect.name === 'slots-missed')).toBe(true);
  });

  it('produces nothing without the key of the scheduled producer', () => {
    const host = new TestHost({ canSign: () => false });
    for (let i = 0; i < 4; i++) host.tick();
    expect(host.unstored).toEqual([]);
  });

  it('refuses duplicates, and answers drained transactions', () => {
    const host = new TestHost();
    const transaction = host.ledger.transaction([
      host.ledger.action('eosio', 'updateauth', 'alice', authority('alice', 1)),
    ]);
    const submissions = [1, 2].map((request) => ({ request, transaction }));
    host.step({ kind: 'transactions', nowMs: host.nowMs, submissions });
    const [, second] = host.replies();
    expect(second!.result).toMatchObject({ trace: { except: { code: 'tx_duplicate' } } });
    host.step({ kind: 'drain' });
    host.send('alice', 1, 9);
    expect(host.replies().at(-1)!.result).toMatchObject({ rejection: { code: 'snap_shutting_down' } });
    host.tick();
    host.store();
    expect(host.replica.idle).toBe(true);
  });

  it('carries what finds no room into the next block, account by account', () => {
    const host = new TestHost();
    host.send('alice', 6000);
    host.send('bob', 3, 7001);
    const full = host.replica.waiting;
    expect(full).toBeGreaterThan(0);
    host.tick();
    for (let i = 0; i < 400 && host.replica.waiting > 0; i++) host.step({ kind: 'tick', nowMs: host.nowMs });
    const order = host.replies().map(({ request }) => request);
    expect(order.indexOf(7003)).toBeLessThan(order.indexOf(6000));
  });

  it('answers what a transaction would do without doing it', () => {
    const host = new TestHost();
    const transaction = host.ledger.transaction(
      [host.ledger.action('eosio', 'updateauth', 'alice', authority('alice', 1))],
      { keys: [] },
    );
    host.step({ kind: 'query', nowMs: host.nowMs, request: 1, mode: 'trial', transaction });
    host.step({ kind: 'query', nowMs: host.nowMs, request: 2, mode: 'trial', transaction });
    for (const { result } of host.replies()) expect(result).toMatchObject({ kind: 'trace', trace: { status: 0 } });
    host.tick();
    expect(host.unstored[0]!.block.transactions).toEqual([]);
  });

  it('imports on another replica what it made, with the same ids and roots', () => {
    const host = new TestHost();
    const other = new TestHost({ canSign: () => false });
    for (let i = 0; i < 3; i++) {
      const transactions = [
        host.ledger.transaction([host.ledger.action('eosio', 'updateauth', 'carol', authority('carol', i + 1))]),
      ];
      host.step({
        kind: 'transactions',
        nowMs: host.nowMs,
        submissions: [{ request: i + 1, transaction: transactions[0]! }],
      });
      host.tick();
      const made = host.unstored.at(-1)!;
      host.store();
      other.step({ kind: 'block', block: made.block, transactions, logged: true });
      expect(blockId(other.replica.head.header)).toEqual(made.id);
      expect(stateRootOf(other.replica.head.header)).toEqual(stateRootOf(made.block.header));
      other.store();
    }
  });

  it('stops for a state that cannot be read, instead of blaming the transaction', () => {
    const host = new TestHost();
    host.isBroken = true;
    expect(() => host.send('bob', 1)).toThrow(StateFault);
  });

  it('leaves out a transaction that finds a defect, and goes on', () => {
    const host = new TestHost();
    host.defect = new TypeError('a defect');
    host.send('bob', 1);
    host.defect = undefined;
    expect(host.replies().at(-1)!.result).toMatchObject({ trace: { except: { code: 'snap_node_failure' } } });
    expect(host.effects.some((effect) => effect.kind === 'event' && effect.name === 'execution-fault')).toBe(true);
    host.send('bob', 1, 2);
    expect(host.replies().at(-1)!.result).toMatchObject({ trace: { status: 0 } });
  });
});
