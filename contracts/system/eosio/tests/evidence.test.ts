/** Evidence of double production and double votes, and what becomes of those whom it proves guilty. */
import {
  type BlsPrivateKey,
  blsPublicKeyOf,
  blsSign,
  formatBlsPublicKey,
  formatBlsSignature,
  formatPublicKey,
  formatSignature,
  type PrivateKey,
  publicKeyOf,
  sha256,
  sign,
  toHex,
} from '@snapscale/crypto';
import { type BlockHeader, blockHeaderSchema, encode, name, voteDigest } from '@snapscale/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { blockKey, finalizerKey, SystemChain } from './system-chain.js';

const chainId = sha256(new TextEncoder().encode('a chain'));
const reporter = 'alice';
let chain: SystemChain;

beforeEach(() => {
  chain = SystemChain.start([reporter, 'bp.aa', 'bp.ab', 'judge'], { chain_id: toHex(chainId), consortium: 'judge' });
  chain.register(['bp.aa', 'bp.ab'], true);
  chain.blocks(20);
});

type Header = { readonly packed: Uint8Array; readonly key: PrivateKey };

function header(mark: number, changed: Partial<BlockHeader> = {}, key = blockKey('bp.aa')): Header {
  const zeros = new Uint8Array(32);
  const fields: BlockHeader = {
    slot: chain.slot - 5,
    producer: name('bp.aa'),
    confirmed: 0,
    previous: zeros,
    transactionMroot: zeros.slice().fill(mark),
    actionMroot: zeros,
    scheduleVersion: 3,
    newProducers: undefined,
    headerExtensions: [{ type: 0x5346, data: zeros }],
    ...changed,
  };
  return { packed: encode(blockHeaderSchema, fields), key };
}

const signed = ({ packed, key }: Header) => formatSignature(sign(key, sha256(packed)));

function twoHeaders(first: Header, second: Header, by = reporter) {
  return chain.act(
    'evidblock',
    {
      reporter,
      first_header: toHex(first.packed),
      first_signature: signed(first),
      second_header: toHex(second.packed),
      second_signature: signed(second),
    },
    by,
  );
}

type VoteOf = {
  readonly phase: 0 | 1;
  readonly block: number;
  readonly slot?: number;
  readonly key?: BlsPrivateKey;
  readonly chain?: Uint8Array;
};

const blockId = (mark: number) => new Uint8Array(32).fill(mark);

function twoVotes(
  first: VoteOf,
  second: VoteOf,
  finalizer = 'bp.aa',
  key = finalizerKey('bp.aa'),
  slot = chain.slot - 5,
  by = reporter,
) {
  const signatureOf = (vote: VoteOf) => {
    const digest = voteDigest(vote.chain ?? chainId, {
      phase: vote.phase,
      slot: vote.slot ?? slot,
      blockId: blockId(vote.block),
    });
    return formatBlsSignature(blsSign(vote.key ?? key, digest));
  };
  return chain.act(
    'evidvote',
    {
      reporter,
      finalizer_name: finalizer,
      finalizer_key: formatBlsPublicKey(blsPublicKeyOf(key)),
      slot,
      first_phase: first.phase,
      first_block: toHex(blockId(first.block)),
      first_signature: signatureOf(first),
      second_phase: second.phase,
      second_block: toHex(blockId(second.block)),
      second_signature: signatureOf(second),
    },
    by,
  );
}

const unjail = (producer = 'bp.aa', signer = 'judge') => chain.act('unjail', { producer }, signer);
const jailed = () => chain.producer('bp.aa').status === 3;

describe('two headers for one slot', () => {
  test('jail their producer at once, and are recorded', () => {
    const [first, second] = [header(1), header(2)];
    twoHeaders(first, second);
    expect(chain.producer('bp.aa')).toMatchObject({ is_active: 0, status: 3 });
    expect(chain.rows('evidence')).toMatchObject([
      {
        id: 0,
        producer: 'bp.aa',
        kind: 1,
        slot: chain.slot - 5,
        first: toHex(sha256(first.packed)),
        second: toHex(sha256(second.packed)),
        reporter,
      },
    ]);
    expect(chain.producer('bp.ab').is_active).toBe(1);
  });

  test('count when they were signed with a key that the producer has replaced', () => {
    const [first, second] = [header(1), header(2)];
    const producer_key = formatPublicKey(publicKeyOf(blockKey('new')));
    chain.act('regproducer', { producer: 'bp.aa', producer_key, url: '', location: 0 });
    twoHeaders(first, second);
    expect(jailed()).toBe(true);
  });

  test('count when the producer has left', () => {
    chain.act('unregprod', { producer: 'bp.aa' });
    twoHeaders(header(1), header(2));
    expect(jailed()).toBe(true);
  });

  const cases: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['by another than the reporter', () => twoHeaders(header(1), header(2), 'bp.ab'), /missing authority of alice/],
    ['that are one', () => twoHeaders(header(1), header(1)), /one and the same/],
    ['of two slots', () => twoHeaders(header(1), header(2, { slot: chain.slot - 6 })), /of two slots/],
    ['of two producers', () => twoHeaders(header(1), header(2, { producer: name('bp.ab') })), /of two producers/],
    [
      'of an account that is no producer',
      () => twoHeaders(header(1, { producer: name('alice') }), header(2, { producer: name('alice') })),
      /is not registered/,
    ],
    [
      'of which the first is signed by others',
      () => twoHeaders(header(1, {}, blockKey('bp.ab')), header(2)),
      /the first header is not signed/,
    ],
    [
      'of which the second is signed by others',
      () => twoHeaders(header(1), header(2, {}, blockKey('x'))),
      /the second header is not signed/,
    ],
    [
      'of the future',
      () => twoHeaders(header(1, { slot: chain.slot + 1 }), header(2, { slot: chain.slot + 1 })),
      /of the future/,
    ],
    ['that end early', () => twoHeaders(cut(header(1)), header(2)), /past the end|get/],
    ['that are followed by more', () => twoHeaders(header(1), longer(header(2))), /followed by other bytes/],
    ['of nothing', () => twoHeaders({ ...header(1), packed: new Uint8Array(0) }, header(2)), /past the end/],
  ];
  test.each(cases)('are refused %s', (_, act, message) => {
    expect(act).toThrow(message);
    expect(jailed()).toBe(false);
    expect(chain.rows('evidence')).toEqual([]);
  });
});

const cut = ({ packed, key }: Header): Header => ({ packed: packed.subarray(0, -1), key });
const longer = ({ packed, key }: Header): Header => ({ packed: Uint8Array.of(...packed, 0), key });

describe('two votes in one slot', () => {
  test.each([
    [0, 0],
    [1, 1],
    [0, 1],
    [1, 0],
  ] as const)('of the phases %i and %i, for two blocks, jail their producer', (a, b) => {
    twoVotes({ phase: a, block: 1 }, { phase: b, block: 2 });
    expect(jailed()).toBe(true);
    expect(chain.rows('evidence')).toMatchObject([{ kind: 2, first: toHex(blockId(1)), second: toHex(blockId(2)) }]);
  });

  test('count when they were signed with a retired key', () => {
    chain.act('delfinkey', { finalizer_name: 'bp.aa', finalizer_key: chain.finalizerText('bp.aa') });
    twoVotes({ phase: 0, block: 1 }, { phase: 0, block: 2 });
    expect(jailed()).toBe(true);
  });

  const other = finalizerKey('bp.ab');
  const cases: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      'by another than the reporter',
      () =>
        twoVotes(
          { phase: 0, block: 1 },
          { phase: 0, block: 2 },
          'bp.aa',
          finalizerKey('bp.aa'),
          chain.slot - 5,
          'bp.ab',
        ),
      /missing authority of alice/,
    ],
    [
      'for one block, as every finalizer gives them',
      () => twoVotes({ phase: 0, block: 1 }, { phase: 1, block: 1 }),
      /for one and the same block/,
    ],
    [
      'of which one is of another slot',
      () => twoVotes({ phase: 0, block: 1 }, { phase: 0, block: 2, slot: 77 }),
      /not signed with the finalizer key/,
    ],
    [
      'of which one is by another',
      () => twoVotes({ phase: 0, block: 1 }, { phase: 0, block: 2, key: other }),
      /not signed with the finalizer key/,
    ],
    [
      'of which one is of another chain',
      () => twoVotes({ phase: 0, block: 1 }, { phase: 0, block: 2, chain: blockId(9) }),
      /not signed with the finalizer key/,
    ],
    [
      'of an unknown phase',
      () => twoVotes({ phase: 2 as 1, block: 1 }, { phase: 0, block: 2 }),
      /phase of a vote is 0/,
    ],
    [
      'with the key of another',
      () => twoVotes({ phase: 0, block: 1 }, { phase: 0, block: 2 }, 'bp.aa', other),
      /belongs to another producer/,
    ],
    [
      'with an unknown key',
      () => twoVotes({ phase: 0, block: 1 }, { phase: 0, block: 2 }, 'bp.aa', finalizerKey('x')),
      /was not registered/,
    ],
    [
      'of the future',
      () => twoVotes({ phase: 0, block: 1 }, { phase: 0, block: 2 }, 'bp.aa', finalizerKey('bp.aa'), chain.slot + 1),
      /of the future/,
    ],
  ];
  test.each(cases)('are refused %s', (_, act, message) => {
    expect(act).toThrow(message);
    expect(jailed()).toBe(false);
  });

  test('are refused before the chain’s id is set', () => {
    chain.setParameters({});
    expect(() => twoVotes({ phase: 0, block: 1 }, { phase: 0, block: 2 })).toThrow(
      'needs the chain’s id'.replace('’', "'"),
    );
  });

  test('cost less than a transaction may', () => {
    const { cpuUsageUs } = twoVotes({ phase: 0, block: 1 }, { phase: 0, block: 2 });
    expect(cpuUsageUs).toBeLessThan(100_000);
  });
});

describe('a jailed producer', () => {
  beforeEach(() => void twoHeaders(header(1), header(2)));

  test('is left out of a schedule that the next block proposes', () => {
    expect(chain.global.is_schedule_due).toBe(1);
    chain.block();
    expect(chain.global.is_schedule_due).toBe(0);
  });

  test('cannot register, and is not jailed twice', () => {
    expect(() => chain.register(['bp.aa'])).toThrow('the producer is jailed');
    expect(() => twoHeaders(header(1), header(2))).toThrow('the producer is jailed already');
    expect(() => twoVotes({ phase: 0, block: 1 }, { phase: 0, block: 2 })).toThrow('the producer is jailed already');
    expect(() => chain.act('unregprod', { producer: 'bp.aa' })).toThrow('the producer is not active');
    expect(() => chain.act('rmvproducer', { producer: 'bp.aa' }, 'eosio')).toThrow('the producer is not active');
  });

  test('is let out by the consortium, and then registers again by itself', () => {
    expect(() => unjail('bp.aa', 'bp.aa')).toThrow('missing authority of judge');
    expect(() => unjail('bp.aa', 'eosio')).toThrow('missing authority of judge');
    expect(() => unjail('bp.ab')).toThrow('the producer is not jailed');
    expect(() => unjail('alice')).toThrow('producer not found');
    unjail();
    expect(chain.producer('bp.aa')).toMatchObject({ is_active: 0, status: 1, judged_until_slot: chain.slot });
    chain.register(['bp.aa']);
    expect(chain.producer('bp.aa')).toMatchObject({ is_active: 1, status: 0 });
  });

  test('is let out by more than two thirds of the producers, where the consortium is eosio.prods', () => {
    chain.setParameters({ chain_id: toHex(chainId) });
    expect(() => unjail('bp.aa', 'bp.ab')).toThrow('missing authority of eosio.prods');
    unjail('bp.aa', 'eosio.prods');
    expect(jailed()).toBe(false);
  });

  test('is not jailed again for what was judged, but for what it does later', () => {
    unjail();
    chain.register(['bp.aa']);
    const message = 'the evidence is settled';
    expect(() => twoHeaders(header(1), header(2))).toThrow(message);
    expect(() => twoHeaders(header(3), header(4))).toThrow(message);
    expect(() => twoVotes({ phase: 0, block: 1 }, { phase: 0, block: 2 })).toThrow(message);
    chain.blocks(10);
    twoHeaders(header(5), header(6));
    expect(jailed()).toBe(true);
    expect(chain.rows('evidence')).toHaveLength(2);
  });

  test('keeps its votes, and is left out of schedules', () => {
    chain.stake('alice', '1.0000 XST');
    chain.vote('alice', 'bp.ab');
    chain.nextRound();
    chain.nextRound();
    expect(chain.schedule).toEqual(['bp.ab']);
    expect(() => chain.vote('alice', 'bp.aa')).toThrow('a producer in the vote is not active');
  });
});
