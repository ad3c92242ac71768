/** A producer under attack: work that fails, queues filled in the name of others, floods of one account, expiries at once. */
import {
  BlockExecution,
  ChainServices,
  expiryKey,
  MemoryState,
  settingAt,
  transactionKey,
  WorkingState,
} from '@snapscale/execution';
import { type Action, formatName, type Rejection, slotToMs } from '@snapscale/protocol';
import type { ReplicaEffect, Submission } from '@snapscale/replica';
import { LoneProducer } from '@snapscale/replica/testing';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { AttackLedger, actionOf } from './support/attack-ledger.js';
import { contract, forever, times } from './support/modules.js';
import { Report } from './support/report.js';

const report = new Report('producing');
const NO_DATA = new Uint8Array(0);
afterAll(() => report.print());

/** A replica with its host's duties, and the time of each step. */
class Producer {
  readonly ledger: AttackLedger;
  readonly host: LoneProducer;
  longestStepMs = 0;
  #request = 1;

  constructor(ledger: AttackLedger) {
    this.ledger = ledger;
    ledger.produceBlock();
    const around = (step: () => ReplicaEffect[]) => this.#measured(step);
    this.host = new LoneProducer({ ledger, around, replica: { services: new ChainServices() } });
  }

  get waiting(): number {
    return this.host.replica.status.waiting;
  }

  #measured(step: () => ReplicaEffect[]): ReplicaEffect[] {
    const began = performance.now();
    const cpuBegan = process.cpuUsage();
    const effects = step();
    const cpu = process.cpuUsage(cpuBegan);
    this.longestStepMs = Math.max(
      this.longestStepMs,
      Math.min(performance.now() - began, (cpu.user + cpu.system) / 1000),
    );
    return effects;
  }

  submission(action: Action, keys?: Submission['transaction']['keys']): Submission {
    // The ledger's own salt comes back after 4,096 transactions.
    const expiration = Math.floor(slotToMs(this.ledger.pending.slot) / 1000) + 600 + (this.#request >> 12);
    const transaction = this.ledger.transaction([action], {
      with: { expiration },
      ...(keys === undefined ? {} : { keys }),
    });
    return { request: this.#request++, transaction };
  }

  send(submissions: readonly Submission[]): void {
    for (let i = 0; i < submissions.length; i += 64) this.host.send(submissions.slice(i, i + 64));
  }

  nextBlock(): void {
    this.host.pass();
  }

  outcome({ request }: Submission): string {
    const result = this.host.replies.get(request);
    if (result === undefined) return 'waiting';
    const rejection: Rejection | undefined = result.kind === 'rejected' ? result.rejection : result.trace.except;
    return rejection?.code ?? 'ok';
  }
}

let ledger: AttackLedger;
beforeEach(() => {
  ledger = new AttackLedger();
  ledger.accounts('victim', 'mallory');
  ledger.install('loop', contract(forever('')));
  ledger.install('spin', contract(times(30_000_000, 3, 'i32.const 1 drop'), { locals: 'i32' }));
  ledger.install('good', contract(''));
  ledger.install('late', contract(`${times(40_000_000, 3, 'i32.const 1 drop')} unreachable`, { locals: 'i32' }));
});

describe('work that fails', () => {
  it('ends the step that met it, and counts against whoever caused it', () => {
    const producer = new Producer(ledger);
    const attacks = Array.from({ length: 24 }, (_, i) =>
      producer.submission(actionOf(i % 2 === 0 ? 'loop' : 'late', 'go', NO_DATA, 'mallory')),
    );
    const honest = Array.from({ length: 24 }, () => producer.submission(actionOf('good', 'go', NO_DATA, 'victim')));
    producer.send([...attacks, ...honest]);
    expect(honest.map((one) => producer.outcome(one))).toEqual(Array(24).fill('ok'));
    const answered = attacks.filter((one) => producer.outcome(one) !== 'waiting').length;
    expect(answered).toBeLessThan(4);
    report.add('the longest step among 24 failing transactions', producer.longestStepMs);
    for (let block = 0; block < 100; block++) producer.nextBlock();
    expect(producer.host.stored.length).toBeGreaterThanOrEqual(100);
    for (const attack of attacks)
      expect(['tx_cpu_usage_exceeded', 'wasm_execution_error', 'expired_tx_exception']).toContain(
        producer.outcome(attack),
      );
    report.add('the longest step at all', producer.longestStepMs);
  });

  it('of many accounts leaves room for those who behave', () => {
    const villains = Array.from({ length: 12 }, (_, i) => `villain${'abcdefghijkl'[i]}`);
    ledger.accounts(...villains);
    const producer = new Producer(ledger);
    const attacks = villains.flatMap((one) =>
      [1, 2, 3].map(() => producer.submission(actionOf('loop', 'go', NO_DATA, one))),
    );
    const honest = Array.from({ length: 10 }, () => producer.submission(actionOf('good', 'go', NO_DATA, 'victim')));
    producer.send([...attacks.slice(0, 12), ...honest, ...attacks.slice(12)]);
    expect(honest.map((one) => producer.outcome(one))).toEqual(Array(10).fill('ok'));
    report.add('the longest step among 12 villains', producer.longestStepMs);
  });
});

describe('blocks that are full', () => {
  it('are shared: one account floods, another still gets in', () => {
    const producer = new Producer(ledger);
    const flood = Array.from({ length: 200 }, () => producer.submission(actionOf('spin', 'go', NO_DATA, 'mallory')));
    producer.send(flood);
    const honest = Array.from({ length: 20 }, () => producer.submission(actionOf('good', 'go', NO_DATA, 'victim')));
    producer.send(honest);
    producer.nextBlock();
    producer.nextBlock();
    expect(honest.map((one) => producer.outcome(one))).toEqual(Array(20).fill('ok'));
    expect(flood.filter((one) => producer.outcome(one) === 'waiting').length).toBeGreaterThan(100);
    report.add('the longest step of a flood', producer.longestStepMs);
  });

  it('cannot be queued for in the name of others', () => {
    const producer = new Producer(ledger);
    producer.send(Array.from({ length: 30 }, () => producer.submission(actionOf('spin', 'go', NO_DATA, 'mallory'))));
    const stranger = new Uint8Array(34).fill(2) as never;
    const forged = Array.from({ length: 2000 }, () =>
      producer.submission(actionOf('good', 'go', NO_DATA, 'victim'), [stranger]),
    );
    const waitingBefore = producer.waiting;
    producer.send(forged);
    expect(producer.waiting).toBe(waitingBefore);
    for (const one of forged) expect(producer.outcome(one)).toBe('unsatisfied_authorization');
    const nobody = producer.submission({ ...actionOf('good', 'go', NO_DATA), authorization: [] });
    producer.send([nobody]);
    expect(producer.outcome(nobody)).toBe('tx_no_auths');
  });

  it('take in no more than the pool holds, of one account and of all', () => {
    const producer = new Producer(ledger);
    producer.send(Array.from({ length: 10 }, () => producer.submission(actionOf('spin', 'go', NO_DATA, 'mallory'))));
    const flood = Array.from({ length: 13_000 }, () => producer.submission(actionOf('spin', 'go', NO_DATA, 'mallory')));
    producer.send(flood);
    const refused = flood.filter((one) => producer.outcome(one) === 'tx_resource_exhaustion').length;
    expect(refused).toBeGreaterThan(400);
    const other = producer.submission(actionOf('good', 'go', NO_DATA, 'victim'));
    producer.send([other]);
    expect(['waiting', 'ok']).toContain(producer.outcome(other));
    producer.nextBlock();
    expect(producer.outcome(other)).toBe('ok');
  });
});

describe('records of an hour', () => {
  it('that expire at once are dropped over several blocks', () => {
    const state = new WorkingState(ledger.store);
    const count = 100_000;
    const seconds = Math.floor(slotToMs(ledger.pending.slot) / 1000) + 1;
    const id = new Uint8Array(32);
    const perBlock = 2000;
    for (let block = 0; block < count / perBlock; block++) {
      const ids = new Uint8Array(32 * perBlock);
      for (let i = 0; i < perBlock; i++) {
        new DataView(id.buffer).setUint32(0, block * perBlock + i);
        ids.set(id, 32 * i);
        state.put(transactionKey(id), new Uint8Array(4));
      }
      state.put(expiryKey(seconds, block), ids);
    }
    const store = new MemoryState();
    store.apply(new Map(ledger.store.entries()));
    store.apply(state.changes());
    let parent = ledger.head;
    let rounds = 0;
    const services = new ChainServices();
    for (let left = count; left > 0; rounds++) {
      const began = process.cpuUsage();
      const { slot } = parent.header;
      const execution = new BlockExecution(
        services,
        store,
        parent,
        settingAt(store, slot, slot + (rounds === 0 ? 10 : 1)),
      );
      const cpu = process.cpuUsage(began);
      report.add('opening a block with 100,000 expired records', (cpu.user + cpu.system) / 1000);
      const dropped = [...execution.state.changes()].filter(
        ([key, value]) => key.startsWith('d') && value === null,
      ).length;
      expect(dropped).toBeGreaterThan(0);
      expect(dropped).toBeLessThan(20_000);
      left -= dropped;
      const finished = execution.finish();
      store.apply(finished.state.changes());
      parent = { num: finished.num, id: new Uint8Array(32), header: finished.header };
    }
    expect(rounds).toBeGreaterThan(4);
    expect(formatName(ledger.pending.producer).length).toBeGreaterThan(0);
  });
});
