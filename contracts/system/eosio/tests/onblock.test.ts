/** What `onblock` does: missed slots, removal, and schedules. */
import { blsPublicKeyOf, formatPublicKey, publicKeyOf } from '@snapscale/crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { blockKey, finalizerKey, producerNames, SystemChain, slotBySlot } from './system-chain.js';

const four = producerNames(4);
let chain: SystemChain;

/** A chain with so many producers in force, in the order of their names; they need no finalizer keys. */
function withSchedule(count: number, changed: Parameters<SystemChain['setParameters']>[0] = {}): SystemChain {
  const names = producerNames(count);
  const started = SystemChain.start([...names, 'alice'], {
    finalizer_keys_required: false,
    max_producers: count,
    ...changed,
  });
  started.register(names);
  started.stake('alice', '1.0000 XST');
  started.vote('alice', ...names.slice(0, 30));
  for (let i = 30; i < count; i += 30) {
    const voter = names[i]!;
    started.stake(voter, '1.0000 XST');
    started.vote(voter, ...names.slice(i, i + 30));
  }
  started.nextRound();
  started.nextRound();
  return started;
}

const missed = (producer: string) => Number(chain.producer(producer).missed_slots);
const allMissed = () => chain.schedule.map(missed);
/** Blocks up to the first slot of the turn of the producer at `position`. */
function toTurn(position: number): void {
  do chain.block();
  while (chain.slot % 12 !== 0 || Math.floor(chain.slot / 12) % chain.schedule.length !== position);
}

describe('a block', () => {
  beforeEach(() => {
    chain = withSchedule(4);
  });

  test('counts for its producer when the next one begins', () => {
    toTurn(1);
    const before = Number(chain.producer('bp.ab').unpaid_blocks);
    chain.block();
    expect(chain.producer('bp.ab')).toMatchObject({ unpaid_blocks: before + 1, last_block_slot: chain.slot - 1 });
  });

  test('on its parent, without a gap, is no miss', () => {
    chain.blocks(48);
    expect(allMissed()).toEqual([0, 0, 0, 0]);
  });

  test('costs its producer one missed slot for each that it leaves out before its turn’s yield', () => {
    toTurn(2);
    chain.block(3);
    expect(allMissed()).toEqual([0, 0, 2, 0]);
  });

  test('after a whole empty turn counts three slots against each that was authorised in it', () => {
    toTurn(0);
    chain.block(12);
    // The block at the first slot of the turn exists: eleven slots are skipped, three for bp.aa, and so on.
    expect(allMissed()).toEqual([3, 3, 3, 2]);
  });

  test('after a gap over the end of a turn counts by turn', () => {
    toTurn(1);
    chain.blocks(10);
    chain.block(5);
    // One slot left of bp.ab's turn, three of bp.ac's.
    expect(allMissed()).toEqual([0, 1, 3, 0]);
  });

  test('after any gaps counts what the words of consensus.md 1 give slot by slot', () => {
    const expected = [0, 0, 0, 0];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 12 }), (gaps) => {
        for (const gap of gaps) {
          const parent = chain.slot;
          chain.block(gap);
          for (let slot = parent + 1; gap <= 48 && slot < chain.slot; slot++) expected[slotBySlot(4, parent, slot)]!++;
        }
        expect(allMissed()).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  test('after a gap over a change of schedule counts by the old one up to the end of its round, then by the new one', () => {
    chain.vote('alice', 'bp.ab', 'bp.ac', 'bp.ad');
    chain.nextRound();
    expect(chain.proposed).toEqual(['bp.ab', 'bp.ac', 'bp.ad']);
    const change = chain.slot + 48;
    chain.produceUntil(change - 3);
    // Two slots of the old schedule's last turn, bp.ad's; then three of whoever begins in the new one.
    chain.block(6);
    const names = ['bp.ab', 'bp.ac', 'bp.ad'];
    const expected = new Map([...names, 'bp.aa'].map((owner) => [owner, 0]));
    expected.set('bp.ad', 2);
    const first = names[slotBySlot(3, change - 3, change)]!;
    expected.set(first, expected.get(first)! + 3);
    expect(chain.schedule).toEqual(names);
    expect(new Map([...expected.keys()].map((owner) => [owner, missed(owner)]))).toEqual(expected);
  });

  test('after a gap as long as a round counts nothing: the chain stood still', () => {
    toTurn(1);
    chain.block(48);
    expect(allMissed().reduce((sum, count) => sum + count)).toBe(47);
    const before = allMissed();
    chain.block(49);
    expect(allMissed()).toEqual(before);
    expect(chain.global.halted_until_slot).toBe(chain.slot);
  });
});

describe('a silent producer', () => {
  /** Leaves out all slots of bp.ab for so many seconds: its turns are gaps of twelve slots. */
  function silence(seconds: number, producer = 'bp.ab'): void {
    const end = chain.slot + 2 * seconds;
    while (chain.slot < end) {
      const turn = Math.floor((chain.slot + 1) / 12);
      const owner = chain.schedule[turn % chain.schedule.length];
      chain.block((chain.slot + 1) % 12 === 0 && owner === producer ? 13 : 1);
    }
  }

  beforeEach(() => {
    chain = withSchedule(5, { inactive_after_sec: 120 });
  });

  test('is removed when it misses a slot and has made nothing for the configured time, and not before', () => {
    toTurn(1);
    chain.block();
    silence(110);
    expect(chain.producer('bp.ab')).toMatchObject({ is_active: 1, status: 0 });
    silence(60);
    expect(chain.producer('bp.ab')).toMatchObject({ is_active: 0, status: 2 });
    for (const other of ['bp.aa', 'bp.ac', 'bp.ad', 'bp.ae']) expect(chain.producer(other).is_active).toBe(1);
    chain.nextRound();
    chain.nextRound();
    expect(chain.schedule).toEqual(['bp.aa', 'bp.ac', 'bp.ad', 'bp.ae']);
  });

  test('comes back by its own registration, and gets the whole time anew', () => {
    silence(200);
    expect(chain.producer('bp.ab').is_active).toBe(0);
    chain.register(['bp.ab']);
    silence(60);
    expect(chain.schedule).toContain('bp.ab');
    expect(chain.producer('bp.ab').is_active).toBe(1);
    silence(150);
    expect(chain.producer('bp.ab').is_active).toBe(0);
  });

  test('stays when it makes a block now and then', () => {
    for (let i = 0; i < 3; i++) {
      silence(80);
      toTurn(chain.schedule.indexOf('bp.ab'));
      chain.block();
    }
    expect(chain.producer('bp.ab')).toMatchObject({ is_active: 1 });
    expect(missed('bp.ab')).toBeGreaterThan(3);
  });

  test('has at least a round and a turn, however short the configured time', () => {
    chain.setParameters({ finalizer_keys_required: false, max_producers: 5, inactive_after_sec: 1 });
    chain.blocks(60);
    toTurn(3);
    chain.block(3);
    expect(missed('bp.ad')).toBe(2);
    expect(chain.producer('bp.ad').is_active).toBe(1);
  });

  test('is judged by the time that the chain has run: after a halt everybody has the whole time', () => {
    chain.wait(10_000);
    silence(110);
    expect(chain.schedule.map((owner) => chain.producer(owner).is_active)).toEqual([1, 1, 1, 1, 1]);
    silence(60);
    expect(chain.producer('bp.ab').is_active).toBe(0);
  });

  test('that joined a moment ago is not judged by the time before', () => {
    chain.createAccounts('bp.zz');
    chain.pay('eosio', 'bp.zz', '1.0000 XST');
    chain.register(['bp.zz']);
    chain.blocks(600);
    chain.setParameters({ finalizer_keys_required: false, max_producers: 6, inactive_after_sec: 120 });
    chain.stake('bp.zz', '1.0000 XST');
    chain.vote('bp.zz', 'bp.zz');
    chain.nextRound();
    chain.nextRound();
    expect(chain.schedule).toContain('bp.zz');
    const entered = chain.slot;
    expect(chain.producer('bp.zz').duty_since_slot).toBe(entered);
    silence(60, 'bp.zz');
    expect(missed('bp.zz')).toBeGreaterThan(2);
    expect(chain.producer('bp.zz').is_active).toBe(1);
  });

  test('stays when too few others would be left for a quorum', () => {
    // Five producers, a quorum of four: bp.ab can go, the next one cannot as long as the schedule is the old one.
    chain.act('rmvproducer', { producer: 'bp.ae' }, 'eosio');
    chain.nextRound();
    chain.nextRound();
    expect(chain.schedule).toEqual(['bp.aa', 'bp.ab', 'bp.ac', 'bp.ad']);
    chain.act('rmvproducer', { producer: 'bp.ad' }, 'eosio');
    chain.act('rmvproducer', { producer: 'bp.ac' }, 'eosio');
    silence(300);
    expect(chain.producer('bp.ab')).toMatchObject({ is_active: 1 });
    expect(missed('bp.ab')).toBeGreaterThan(20);
    expect(chain.schedule).toEqual(['bp.aa', 'bp.ab', 'bp.ac', 'bp.ad']);
  });
});

describe('a schedule', () => {
  beforeEach(() => {
    chain = SystemChain.start([...four, 'alice', 'bob'], { finalizer_keys_required: false });
    chain.register(four);
    chain.stake('alice', '2.0000 XST');
    chain.stake('bob', '1.0000 XST');
  });

  const rounds = (count: number) => {
    for (let i = 0; i < count; i++) chain.nextRound();
  };

  test('is not proposed before anybody votes', () => {
    rounds(3);
    expect(chain.proposed).toBeUndefined();
    expect(chain.schedule).toEqual(['eosio']);
  });

  test('is not proposed before enough stake votes, and then goes on whatever becomes of the votes', () => {
    chain.setParameters({ finalizer_keys_required: false, activation_stake: '3.0000 XST' });
    chain.vote('alice', ...four);
    rounds(3);
    expect(chain.schedule).toEqual(['eosio']);
    expect(chain.global.thresh_activated_stake_time).toBe('1970-01-01T00:00:00.000');
    chain.vote('bob', 'bp.ab');
    rounds(2);
    expect(chain.schedule).toEqual(four);
    expect(chain.global.last_producer_schedule_size).toBe(4);
    chain.vote('bob');
    chain.vote('alice', 'bp.aa', 'bp.ab', 'bp.ac');
    rounds(2);
    expect(chain.schedule).toEqual(four.slice(0, 3));
  });

  test('is that of the active producers with the most votes', () => {
    chain.setParameters({ finalizer_keys_required: false, max_producers: 3 });
    chain.vote('alice', 'bp.aa', 'bp.ab');
    chain.vote('bob', 'bp.ac', 'bp.ad');
    rounds(2);
    // Of equal votes the lower name wins.
    expect(chain.schedule).toEqual(['bp.aa', 'bp.ab', 'bp.ac']);
    chain.act('unregprod', { producer: 'bp.aa' });
    rounds(2);
    expect(chain.schedule).toEqual(['bp.ab', 'bp.ac', 'bp.ad']);
  });

  test('is proposed in the first block of a round, once, and again only when it changes', () => {
    chain.vote('alice', ...four);
    chain.nextRound();
    expect(chain.proposed).toEqual(four);
    const update = chain.global.last_producer_schedule_update;
    rounds(4);
    expect(chain.global.last_producer_schedule_update).toBe(update);
    chain.vote('alice', 'bp.aa', 'bp.ab', 'bp.ac');
    chain.blocks(3);
    expect(chain.proposed).toBeUndefined();
    chain.nextRound();
    expect(chain.proposed).toEqual(four.slice(0, 3));
  });

  test('is proposed by the next block when the consortium removes a producer', () => {
    chain.vote('alice', ...four);
    rounds(2);
    chain.blocks(5);
    chain.act('rmvproducer', { producer: 'bp.ab' }, 'eosio');
    expect(chain.proposed).toBeUndefined();
    chain.block();
    expect(chain.proposed).toEqual(['bp.aa', 'bp.ac', 'bp.ad']);
    expect(chain.global).toMatchObject({ is_schedule_due: 0, proposed: ['bp.aa', 'bp.ac', 'bp.ad'] });
  });

  test('carries a new block key at the next round', () => {
    chain.vote('alice', ...four);
    rounds(2);
    const key = formatPublicKey(publicKeyOf(blockKey('other')));
    chain.act('regproducer', { producer: 'bp.aa', producer_key: key, url: '', location: 0 });
    rounds(2);
    expect(formatPublicKey(chain.keyInForce('bp.aa'))).toBe(key);
  });

  test('never shrinks below a quorum of the one before', () => {
    chain.vote('alice', ...four);
    rounds(2);
    for (const producer of ['bp.aa', 'bp.ab']) chain.act('unregprod', { producer });
    rounds(3);
    expect(chain.schedule).toEqual(four);
    chain.register(['bp.aa']);
    rounds(2);
    expect(chain.schedule).toEqual(['bp.aa', 'bp.ac', 'bp.ad']);
  });

  test('goes round by measured times, and changes for a better order alone', () => {
    chain.vote('alice', ...four);
    const times = (near: readonly (readonly [string, string])[], us: number) => {
      for (const producer of four) {
        const round_trips = four
          .filter((other) => other !== producer)
          .map((other) => ({
            producer: other,
            round_trip_us: near.some((pair) => pair.includes(producer) && pair.includes(other)) ? us : 100_000,
          }));
        chain.act('setlatency', { producer, round_trips });
      }
    };
    times(
      [
        ['bp.aa', 'bp.ac'],
        ['bp.ac', 'bp.ab'],
        ['bp.ab', 'bp.ad'],
      ],
      10_000,
    );
    rounds(2);
    expect(chain.schedule).toEqual(['bp.aa', 'bp.ac', 'bp.ab', 'bp.ad']);
    times(
      [
        ['bp.aa', 'bp.ab'],
        ['bp.ab', 'bp.ac'],
        ['bp.ac', 'bp.ad'],
      ],
      95_000,
    );
    rounds(2);
    expect(chain.schedule).toEqual(['bp.aa', 'bp.ac', 'bp.ab', 'bp.ad']);
    times(
      [
        ['bp.aa', 'bp.ab'],
        ['bp.ab', 'bp.ac'],
        ['bp.ac', 'bp.ad'],
      ],
      10_000,
    );
    rounds(2);
    expect(chain.schedule).toEqual(four);
  });

  test('leaves out producers without a finalizer key, and comes with the finalizers', () => {
    chain.setParameters({ finalizer_keys_required: true });
    chain.vote('alice', ...four);
    rounds(2);
    expect(chain.schedule).toEqual(['eosio']);
    for (const producer of four.slice(1)) chain.registerFinalizer(producer, finalizerKey(producer));
    rounds(2);
    expect(chain.schedule).toEqual(four.slice(1));
    const policy = chain.finalizers;
    expect(policy.threshold).toBe(3n);
    expect(policy.finalizers.map(({ description }) => description)).toEqual(four.slice(1));
    expect(policy.finalizers.every(({ weight }) => weight === 1n)).toBe(true);
  });

  test('comes again when a finalizer changes its key', () => {
    chain.setParameters({ finalizer_keys_required: true });
    chain.vote('alice', ...four);
    for (const producer of four) chain.registerFinalizer(producer, finalizerKey(producer));
    rounds(4);
    const { version } = chain;
    chain.registerFinalizer('bp.ab', finalizerKey('bp.ab', 1));
    rounds(2);
    expect(chain.version).toBe(version);
    const { finalizer_key } = chain.rows('finkeys').at(-1)!;
    chain.act('actfinkey', { finalizer_name: 'bp.ab', finalizer_key: finalizer_key! });
    rounds(1);
    expect(chain.proposed).toEqual(four);
    const { finalizers } = chain.finalizers;
    expect(finalizers[1]!.key).toEqual(blsPublicKeyOf(finalizerKey('bp.ab', 1)));
    rounds(1);
    expect(chain.version).toBe(version + 1);
  });

  test('never has less than a quorum of finalizers', () => {
    chain.setParameters({ finalizer_keys_required: true });
    chain.vote('alice', ...four);
    for (const producer of four) chain.registerFinalizer(producer, finalizerKey(producer));
    rounds(2);
    const retire = (producer: string) =>
      chain.act('delfinkey', { finalizer_name: producer, finalizer_key: chain.finalizerText(producer) });
    retire('bp.aa');
    retire('bp.ab');
    rounds(2);
    expect(chain.schedule).toEqual(four);
    chain.registerFinalizer('bp.aa', finalizerKey('bp.aa', 1));
    rounds(2);
    expect(chain.schedule).toEqual(['bp.aa', 'bp.ac', 'bp.ad']);
    expect(chain.finalizers.finalizers).toHaveLength(3);
  });

  test('leaves out producers without a certificate, once certificates are required', () => {
    chain.ledger.createAccount('snap.ca');
    chain.vote('alice', ...four);
    chain.setParameters({ finalizer_keys_required: false, certificates_required: true });
    rounds(2);
    expect(chain.schedule).toEqual(['eosio']);
    chain.setParameters({ finalizer_keys_required: false });
    rounds(2);
    expect(chain.schedule).toEqual(four);
  });
});

describe('onblock costs', () => {
  test('less than 60 us in an ordinary block, and little more than the host asks for at the end of a round', () => {
    chain = withSchedule(21);
    chain.blocks(5);
    expect(chain.onBlockTrace().elapsedUs).toBeLessThan(60);
    chain.nextRound();
    expect(chain.onBlockTrace().elapsedUs).toBeLessThan(1_000);
  });
});
