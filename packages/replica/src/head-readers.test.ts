/** Whoever reads the head by the effects alone sees its state, entry by entry, and is told of each change once. */
import { readFileSync } from 'node:fs';
import { equalBytes, toHex } from '@snapscale/crypto';
import type { MemoryState, StateReader } from '@snapscale/execution';
import { TestLedger } from '@snapscale/execution/testing';
import { describe, expect, it } from 'vitest';
import { HeadReader } from '../../simulator/src/head-reader.js';
import { SimulatedGenesis, type SimulatedNode, World } from '../../simulator/src/index.js';
import type { ReplicaEffect } from './effects.js';
import { LoneProducer } from './testing/lone-producer.js';

/** Follows effects, and compares at each head. */
class Watcher {
  readonly reader: HeadReader;
  readonly #store: MemoryState;
  readonly #keys = new Set<string>();
  heads = 0;
  differences: string[] = [];
  /** Since the last head. */
  rewinds = 0;
  entries = 0;

  constructor(store: MemoryState) {
    this.#store = store;
    this.reader = new HeadReader(store);
  }

  observe(effect: ReplicaEffect): void {
    this.reader.observe(effect);
    if (effect.kind === 'rewind') this.rewinds++;
    if (effect.kind !== 'changes') return;
    this.entries += effect.entries.length;
    for (const [key] of effect.entries) this.#keys.add(key);
  }

  /** `state` is that of the head that the last effect told of. */
  compare(state: StateReader): void {
    this.heads++;
    const compared = (key: string): void => {
      const [read, held] = [this.reader.get(key), state.get(key)];
      const isSame = read === undefined || held === undefined ? read === held : equalBytes(read, held);
      if (!isSame) this.differences.push(`${JSON.stringify(key)} at head ${this.heads}`);
    };
    for (const key of this.#keys) compared(key);
    for (const [key] of this.#store.entries()) if (!this.#keys.has(key)) compared(key);
  }
}

/** Accounts that get a permission each, with the expiry of their transactions. */
function send(host: LoneProducer, accounts: readonly string[], first: number): void {
  const { ledger } = host;
  const auth = {
    threshold: 1,
    keys: [],
    accounts: [{ permission: { actor: 'eosio', permission: 'active' }, weight: 1 }],
  };
  const submissions = accounts.map((account, i) => {
    const data = { account, permission: `p${'abcdefghij'[first]}`, parent: 'active', auth: { ...auth, waits: [] } };
    const expiration = Math.floor(host.nowMs / 1000) + 30 + (i % 2);
    const transaction = ledger.transaction([ledger.action('eosio', 'updateauth', account, data)], {
      with: { expiration },
    });
    return { request: 100 * first + i + 1, transaction };
  });
  host.send(submissions);
}

describe('the head of a lone producer', () => {
  const accounts = ['alice', 'bob', 'carol', 'dave'];

  function ledgerOf(): TestLedger {
    const ledger = new TestLedger();
    for (const account of accounts) ledger.createAccount(account);
    ledger.produceBlock();
    return ledger;
  }

  function watched(): { readonly host: LoneProducer; readonly watcher: Watcher } {
    const ledger = ledgerOf();
    const watcher = new Watcher(ledger.store);
    let host: LoneProducer | undefined;
    const onEffect = (effect: ReplicaEffect): void => {
      watcher.observe(effect);
      if (effect.kind === 'head') watcher.compare(host!.replica.headState);
    };
    host = new LoneProducer({ ledger, onEffect });
    return { host, watcher };
  }

  it.each([false, true])('is told of what closing has written alone; with a slow store: %s', (isSlow) => {
    const { host, watcher } = watched();
    if (isSlow) host.held.add('committed');
    for (let block = 0; block < 5; block++) {
      send(host, accounts, block);
      watcher.entries = 0;
      host.held.add('blockSigned');
      host.pass();
      expect(watcher.entries).toBe(0);
      const effects = host.effects.length;
      host.release('blockSigned');
      const made = host.effects.slice(effects);
      const told = made.slice(
        0,
        made.findIndex(({ kind }) => kind === 'head'),
      );
      const changes = told.flatMap((effect) => (effect.kind === 'changes' ? [effect] : []));
      // Two seconds in which transactions expire, and the header.
      expect(changes.map(({ entries }) => entries.length)).toEqual([3]);
    }
    expect([...host.replies.values()].every((result) => result.kind === 'trace' && result.trace.status === 0)).toBe(
      true,
    );
    expect(watcher).toMatchObject({ heads: 5, differences: [], rewinds: 0 });
    host.release('committed');
    watcher.compare(host.replica.headState);
  });

  it('is another than the block that waits for its signature: readers leave that', () => {
    const twin = new LoneProducer({ ledger: ledgerOf() });
    twin.pass();
    const { host, watcher } = watched();
    send(host, accounts, 0);
    host.held.add('blockSigned');
    host.pass();
    host.receive(twin.blocks[0]!, []);
    expect(host.replica.head).toEqual(twin.replica.head);
    expect(watcher).toMatchObject({ heads: 1, differences: [], rewinds: 1 });
    host.release('blockSigned');
    expect(host.replica.head).toEqual(twin.replica.head);
    send(host, accounts, 1);
    host.pass();
    expect(host.stored.map(({ block }) => block.transactions.length)).toEqual([0, 2 * accounts.length]);
    expect(watcher).toMatchObject({ heads: 2, differences: [], rewinds: 1 });
    expect(host.replies.size).toBe(2 * accounts.length);
    expect([...host.replies.values()].every((result) => result.kind === 'trace' && result.trace.status === 0)).toBe(
      true,
    );
  });

  it('stays what it was when a block is signed too late to be made: readers go back to it', () => {
    const twin = new LoneProducer({ ledger: ledgerOf() });
    twin.pass();
    const { host, watcher } = watched();
    const before = host.replica.head;
    send(host, accounts, 0);
    host.held.add('blockSigned');
    host.pass();
    for (const { vote } of twin.only('sendVote')) host.step({ kind: 'vote', from: 1, vote });
    expect(host.events).toEqual(['own-key-elsewhere']);
    expect(watcher.rewinds).toBe(0);
    host.release('blockSigned');
    expect(host.replica.head).toEqual(before);
    expect(watcher.rewinds).toBe(1);
  });
});

describe('the heads of a network', () => {
  const artifacts = new URL('../../../contracts/system/artifacts/', import.meta.url);
  const token = {
    wasm: readFileSync(new URL('eosio.token.wasm', artifacts)),
    abi: JSON.parse(readFileSync(new URL('eosio.token.abi', artifacts), 'utf8')),
  };
  const members = ['prod.a', 'prod.b', 'prod.c', 'prod.d'];

  it('are seen as they are, own blocks and others’, also where a branch is left', () => {
    const watchers = new Map<SimulatedNode, Watcher>();
    let fastest = 0;
    const world = new World({
      genesis: new SimulatedGenesis({ token }, members),
      seed: 5,
      accounts: members,
      onEffect: (node, effect) => {
        let watcher = watchers.get(node);
        if (watcher === undefined) watchers.set(node, (watcher = new Watcher(node.disk.state)));
        watcher.observe(effect);
        if (effect.kind !== 'head') return;
        if (watcher.rewinds === 0) fastest++;
        watcher.rewinds = 0;
        // A step may move the head twice; the replica shows the last.
        if (toHex(node.replica!.head.id) === toHex(effect.id)) watcher.compare(node.replica!.headState);
      },
    });
    const run = (seconds: number): void => {
      for (let i = 0; i < 5 * seconds; i++) {
        world.transfer(world.nodes[i % members.length]!);
        world.run(200);
      }
    };
    world.start();
    run(3);
    world.network.groups = new Map(world.nodes.map(({ peer }, i) => [peer, i % 2]));
    run(8);
    world.network.groups = new Map();
    run(6);
    for (const { heads, differences } of watchers.values()) {
      expect(differences).toEqual([]);
      expect(heads).toBeGreaterThan(15);
    }
    expect(fastest).toBeGreaterThan(10);
    expect(world.checkers.fault).toBeUndefined();
  });
});
