/** Producers: registration, keys, rewards, and what they publish. */
import { readFileSync } from 'node:fs';
import {
  blsProofOfPossession,
  blsPublicKeyOf,
  blsSign,
  formatBlsPublicKey,
  formatBlsSignature,
  formatLegacyPublicKey,
  formatPublicKey,
  makeWebAuthnPublicKey,
  type PrivateKey,
  publicKeyFromBytes,
  publicKeyOf,
} from '@snapscale/crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { blockKey, finalizerKey, SystemChain } from './system-chain.js';

const keyOf = (seed: string, type: PrivateKey['type'] = 'K1') =>
  formatPublicKey(publicKeyOf({ type, secret: blockKey(seed).secret }));

let chain: SystemChain;
beforeEach(() => {
  chain = SystemChain.start(['alice', 'bp.aa', 'bp.ab']);
});

const register = (producer: string, key = keyOf(producer), url = '', signer = producer) =>
  chain.act('regproducer', { producer, producer_key: key, url, location: 7 }, signer);

describe('regproducer', () => {
  test('enters a producer, who is active at once', () => {
    register('bp.aa', keyOf('bp.aa'), 'https://aa.example');
    expect(chain.producer('bp.aa')).toMatchObject({
      total_votes: '0.00000000000000000',
      producer_key: formatLegacyPublicKey(publicKeyOf(blockKey('bp.aa'))),
      is_active: 1,
      status: 0,
      url: 'https://aa.example',
      location: 7,
      unpaid_blocks: 0,
      duty_since_slot: chain.slot,
    });
  });

  test('changes an entry, and remembers the keys before', () => {
    for (const seed of ['one', 'two', 'one', 'three']) register('bp.aa', keyOf(seed));
    const legacy = (seed: string) => formatLegacyPublicKey(publicKeyOf(blockKey(seed)));
    expect(chain.producer('bp.aa').producer_key).toBe(legacy('three'));
    expect(chain.row('formerkeys', 'bp.aa')!.keys).toEqual([legacy('two'), legacy('one')]);
    for (let i = 0; i < 9; i++) register('bp.aa', keyOf(`key${i}`));
    expect(chain.row('formerkeys', 'bp.aa')!.keys).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => legacy(`key${i}`)));
  });

  test('takes R1 keys', () => {
    register('bp.aa', keyOf('bp.aa', 'R1'));
    expect(chain.producer('bp.aa').producer_key).toBe(keyOf('bp.aa', 'R1'));
  });

  const noPoint = new Uint8Array(34);
  noPoint.set([0, 2]);
  noPoint[33] = 5;
  test.each<[string, () => unknown, RegExp]>([
    ['without authority', () => register('bp.aa', keyOf('x'), '', 'alice'), /missing authority of bp.aa/],
    ['with a URL of 512 bytes', () => register('bp.aa', keyOf('x'), 'u'.repeat(512)), /url too long/],
    [
      'with a WebAuthn key',
      () =>
        register(
          'bp.aa',
          formatPublicKey(
            makeWebAuthnPublicKey(publicKeyOf(blockKey('x')).slice(1), 1, new TextEncoder().encode('example.org')),
          ),
        ),
      /must be a K1 or R1 key that is a point of its curve/,
    ],
    [
      'with a key that is no point',
      () => register('bp.aa', formatPublicKey(publicKeyFromBytes(noPoint))),
      /must be a K1 or R1 key that is a point of its curve/,
    ],
  ])('is refused %s', (_, act, message) => {
    expect(act).toThrow(message);
    expect(chain.rows('producers')).toEqual([]);
  });
});

describe('regproducer2', () => {
  const authority = (threshold: number, ...weights: readonly number[]) =>
    chain.act('regproducer2', {
      producer: 'bp.aa',
      producer_authority: [
        'block_signing_authority_v0',
        { threshold, keys: weights.map((weight, i) => ({ key: keyOf(`key${i}`), weight })) },
      ],
      url: '',
      location: 0,
    });

  test('takes an authority of one key', () => {
    authority(2, 3);
    expect(chain.producer('bp.aa').producer_key).toBe(formatLegacyPublicKey(publicKeyOf(blockKey('key0'))));
  });

  test('refuses others', () => {
    expect(() => authority(1)).toThrow('must be one key');
    expect(() => authority(1, 1, 1)).toThrow('must be one key');
    expect(() => authority(2, 1)).toThrow('invalid producer authority');
    expect(() => authority(0, 1)).toThrow('invalid producer authority');
  });
});

describe('unregprod and rmvproducer', () => {
  beforeEach(() => void register('bp.aa'));

  test.each([
    ['unregprod', 'bp.aa', 1],
    ['rmvproducer', 'eosio', 4],
  ] as const)('%s takes a producer out until it registers again', (action, signer, status) => {
    chain.act(action, { producer: 'bp.aa' }, signer);
    expect(chain.producer('bp.aa')).toMatchObject({ is_active: 0, status });
    expect(() => chain.act(action, { producer: 'bp.aa' }, signer)).toThrow('the producer is not active');
    chain.wait(100);
    register('bp.aa');
    expect(chain.producer('bp.aa')).toMatchObject({ is_active: 1, status: 0, duty_since_slot: chain.slot });
  });

  test('need their authorities, and a producer', () => {
    expect(() => chain.act('unregprod', { producer: 'bp.aa' }, 'eosio')).toThrow('missing authority of bp.aa');
    expect(() => chain.act('rmvproducer', { producer: 'bp.aa' }, 'bp.aa')).toThrow('missing authority of eosio');
    expect(() => chain.act('unregprod', { producer: 'bp.ab' })).toThrow('producer not found');
    expect(() => chain.act('rmvproducer', { producer: 'bp.ab' }, 'eosio')).toThrow('producer not found');
  });
});

describe('finalizer keys', () => {
  const key = (version: number, owner = 'bp.aa') => finalizerKey(owner, version);
  const text = (version: number, owner = 'bp.aa') => formatBlsPublicKey(blsPublicKeyOf(key(version, owner)));
  const regfinkey = (finalizer: string, finalizerText: string, proof: string, signer = finalizer) =>
    chain.act(
      'regfinkey',
      { finalizer_name: finalizer, finalizer_key: finalizerText, proof_of_possession: proof },
      signer,
    );
  const withKey = (action: string, finalizer: string, finalizerText: string, signer = finalizer) =>
    chain.act(action, { finalizer_name: finalizer, finalizer_key: finalizerText }, signer);
  const finalizer = () => chain.row('finalizers', 'bp.aa', 'eosio', 'finalizer_name');
  const proofOf = (version: number) => formatBlsSignature(blsProofOfPossession(key(version)));

  beforeEach(() => {
    register('bp.aa');
    register('bp.ab');
  });

  test('the first is active, further ones wait for actfinkey', () => {
    chain.registerFinalizer('bp.aa', key(0));
    chain.registerFinalizer('bp.aa', key(1));
    expect(chain.rows('finkeys').map((row) => [row.id, row.finalizer_name, row.finalizer_key, row.retired])).toEqual([
      [0, 'bp.aa', text(0), 0],
      [1, 'bp.aa', text(1), 0],
    ]);
    expect(finalizer()).toMatchObject({ active_key_id: 0, finalizer_key_count: 2 });
    withKey('actfinkey', 'bp.aa', text(1));
    expect(finalizer()).toMatchObject({
      active_key_id: 1,
      active_key_binary: chain.rows('finkeys')[1]!.finalizer_key_binary,
    });
    expect(() => withKey('actfinkey', 'bp.aa', text(1))).toThrow('the finalizer key is active already');
  });

  test('are retired, the active one last, and never come back', () => {
    chain.registerFinalizer('bp.aa', key(0));
    chain.registerFinalizer('bp.aa', key(1));
    expect(() => withKey('delfinkey', 'bp.aa', text(0))).toThrow('cannot delete an active key unless it is the last');
    withKey('delfinkey', 'bp.aa', text(1));
    expect(finalizer()).toMatchObject({ active_key_id: 0, finalizer_key_count: 1 });
    expect(() => withKey('actfinkey', 'bp.aa', text(1))).toThrow('the finalizer key is retired');
    expect(() => withKey('delfinkey', 'bp.aa', text(1))).toThrow('the finalizer key is retired');
    withKey('delfinkey', 'bp.aa', text(0));
    expect(finalizer()).toBeUndefined();
    expect(() => chain.registerFinalizer('bp.aa', key(0))).toThrow('was registered before');
    chain.registerFinalizer('bp.aa', key(2));
    expect(finalizer()).toMatchObject({ active_key_id: 2, finalizer_key_count: 1 });
  });

  test('published keys of Antelope with their proofs are accepted', () => {
    const { pairs } = JSON.parse(readFileSync(new URL('../../../../vectors/crypto/bls.json', import.meta.url), 'utf8'));
    for (const { publicKey, proofOfPossession } of pairs.slice(0, 2)) regfinkey('bp.ab', publicKey, proofOfPossession);
    expect(chain.rows('finkeys')).toHaveLength(2);
  });

  test('need their owner, a producer, and a valid proof', () => {
    const [keyText, proof] = [text(0), proofOf(0)];
    const message = formatBlsSignature(blsSign(key(0), blsPublicKeyOf(key(0))));
    const changed = (all: string, at: number) => all.slice(0, at) + (all[at] === 'A' ? 'B' : 'A') + all.slice(at + 1);
    const refusals: readonly (readonly [() => unknown, RegExp])[] = [
      [() => regfinkey('bp.aa', keyText, proof, 'bp.ab'), /missing authority of bp.aa/],
      [() => regfinkey('alice', keyText, proof), /finalizer is not a registered producer/],
      [() => regfinkey('bp.aa', keyText, proofOf(1)), /proof of possession is not that of the finalizer key/],
      // A signature on the key as an ordinary message: the domains differ.
      [() => regfinkey('bp.aa', keyText, message), /proof of possession is not that of the finalizer key/],
      [() => regfinkey('bp.aa', changed(keyText, 20), proof), /not a valid PUB_BLS_ text/],
      [() => regfinkey('bp.aa', keyText, changed(proof, 20)), /not a valid SIG_BLS_ text/],
      [() => regfinkey('bp.aa', keyText.slice(0, -1), proof), /not a valid PUB_BLS_ text/],
      [() => regfinkey('bp.aa', `${keyText}=`, proof), /not a valid PUB_BLS_ text/],
      [() => regfinkey('bp.aa', proof, proof), /not a valid PUB_BLS_ text/],
      [() => regfinkey('bp.aa', keyText, ''), /not a valid SIG_BLS_ text/],
    ];
    for (const [act, refusal] of refusals) expect(act).toThrow(refusal);
    expect(chain.rows('finkeys')).toEqual([]);
  });

  test('belong to one producer alone', () => {
    chain.registerFinalizer('bp.aa', key(0));
    expect(() => chain.registerFinalizer('bp.aa', key(0))).toThrow('was registered before');
    expect(() => chain.registerFinalizer('bp.ab', key(0))).toThrow('was registered before');
    for (const action of ['actfinkey', 'delfinkey']) {
      expect(() => withKey(action, 'bp.ab', text(0))).toThrow('finalizer key belongs to another producer');
      expect(() => withKey(action, 'bp.aa', text(1))).toThrow('finalizer key was not registered');
      expect(() => withKey(action, 'bp.aa', text(0), 'bp.ab')).toThrow('missing authority of bp.aa');
    }
  });
});

describe('claimrewards', () => {
  const claim = (owner: string, signer = owner) => chain.act('claimrewards', { owner }, signer);

  beforeEach(() => {
    chain.setParameters({ block_reward: '0.2500 XST', finalizer_keys_required: false });
    register('bp.aa');
    chain.stake('alice', '1.0000 XST');
    chain.vote('alice', 'bp.aa');
    chain.nextRound();
    chain.nextRound();
    chain.block();
    chain.pay('eosio', 'snap.fund', '100.0000 XST');
  });

  test('pays for blocks out of the fund, from a whole token on', () => {
    expect(chain.schedule).toEqual(['bp.aa']);
    expect(chain.producer('bp.aa')).toMatchObject({ unpaid_blocks: 1, unpaid_reward: '0.2500 XST' });
    expect(() => claim('bp.aa')).toThrow(
      'nothing can be claimed: rewards are paid out from 1.0000 XST on; bp.aa has 0.0000 XST from fees and 0.2500 XST for blocks, for which snap.fund holds 100.0000 XST',
    );
    chain.blocks(4);
    claim('bp.aa');
    expect(chain.balance('bp.aa')).toBe('1001.2500 XST');
    expect(chain.balance('snap.fund')).toBe('98.7500 XST');
    expect(chain.producer('bp.aa')).toMatchObject({ unpaid_blocks: 0, unpaid_reward: '0.0000 XST' });
    expect(() => claim('bp.aa')).toThrow('nothing can be claimed');
  });

  test('counts each block at the reward of its time', () => {
    chain.setParameters({ block_reward: '0.0000 XST', finalizer_keys_required: false });
    chain.blocks(10);
    expect(chain.producer('bp.aa')).toMatchObject({ unpaid_blocks: 11, unpaid_reward: '0.2500 XST' });
  });

  test('pays what the fund holds, and the rest later; nothing is made', () => {
    chain.pay('snap.fund', 'eosio', '98.5000 XST');
    chain.blocks(11);
    claim('bp.aa');
    expect(chain.balance('bp.aa')).toBe('1001.5000 XST');
    expect(chain.producer('bp.aa').unpaid_reward).toBe('1.5000 XST');
    expect(() => claim('bp.aa')).toThrow('snap.fund holds 0.0000 XST');
    expect(supply(chain)).toBe('1000000000.0000 XST');
  });

  test('issues what the fund lacks where that is allowed', () => {
    chain.setParameters({ block_reward: '0.2500 XST', finalizer_keys_required: false, issue_rewards: true });
    chain.pay('snap.fund', 'eosio', '99.5000 XST');
    chain.blocks(11);
    claim('bp.aa');
    expect(chain.balance('bp.aa')).toBe('1003.0000 XST');
    expect(supply(chain)).toBe('1000000002.5000 XST');
  });

  test('needs the owner, who need not be a producer', () => {
    expect(() => claim('bp.aa', 'alice')).toThrow('missing authority of bp.aa');
    expect(() => claim('alice')).toThrow('alice has 0.0000 XST from fees and 0.0000 XST for blocks');
  });
});

test('claimrewards passes shares of fees on from snap.fees', () => {
  // A millisecond of CPU costs 1 XST, all of it the producer's.
  chain.setParameters({ finalizer_keys_required: false });
  register('bp.aa');
  chain.stake('alice', '1.0000 XST');
  chain.vote('alice', 'bp.aa');
  chain.nextRound();
  chain.nextRound();
  chain.pay('alice', 'snap.fees', '100.0000 XST');
  chain.pay('bp.aa', 'snap.fees', '100.0000 XST');
  const shares = { producer_share: 10_000, edge_share: 0, fund_share: 0, gas_per_microsecond: 1000 };
  chain.push('snap.fees', 'setparams', 'eosio', shares);
  chain.push('snap.fees', 'setprices', 'eosio', { cpu_price: 10_000, net_price: 0, ram_price: 0 });
  for (let i = 0; i < 40; i++) chain.pay('alice', 'eosio', '0.0001 XST');
  const [reward] = chain.rows('rewards', 'snap.fees', 'snap.fees');
  expect(reward!.owner).toBe('bp.aa');
  expect(Number.parseFloat(String(reward!.balance))).toBeGreaterThan(1);
  chain.act('claimrewards', { owner: 'bp.aa' });
  const received = Number.parseFloat(chain.balance('bp.aa')) - 900;
  expect(received).toBeCloseTo(Number.parseFloat(String(reward!.balance)), 4);
});

function supply(on: SystemChain): unknown {
  const code = 'XST'.split('').reduce((sum, letter, i) => sum + (BigInt(letter.charCodeAt(0)) << BigInt(8 * i)), 0n);
  return (on.ledger.rows('eosio.token', code, 'stat')[0] as { supply: string }).supply;
}

describe('setlatency', () => {
  const set = (producer: string, times: readonly (readonly [string, number])[], signer = producer) =>
    chain.act(
      'setlatency',
      { producer, round_trips: times.map(([to, us]) => ({ producer: to, round_trip_us: us })) },
      signer,
    );

  test('publishes what a producer has measured, and replaces it', () => {
    register('bp.aa');
    set('bp.aa', [
      ['bp.ab', 700],
      ['bp.ac', 10_000_000],
    ]);
    set('bp.aa', [['bp.ab', 800]]);
    expect(chain.row('latencies', 'bp.aa', 'eosio', 'producer')).toMatchObject({
      round_trips: [{ producer: 'bp.ab', round_trip_us: 800 }],
    });
    set('bp.aa', []);
  });

  test('refuses what cannot be measured', () => {
    register('bp.aa');
    const many = Array.from(
      { length: 126 },
      (_, i) => [`bp.${String.fromCharCode(97 + (i >> 4))}${String.fromCharCode(97 + (i & 15))}z`, 1] as const,
    );
    const refusals: readonly (readonly [() => unknown, RegExp])[] = [
      [() => set('bp.aa', [], 'bp.ab'), /missing authority of bp.aa/],
      [() => set('bp.ab', []), /only registered producers/],
      [() => set('bp.aa', many), /more than 125/],
      [() => set('bp.aa', [['bp.aa', 5]]), /a round-trip time to oneself/],
      [
        () =>
          set('bp.aa', [
            ['bp.ac', 5],
            ['bp.ab', 5],
          ]),
        /unique and sorted/,
      ],
      [
        () =>
          set('bp.aa', [
            ['bp.ab', 5],
            ['bp.ab', 5],
          ]),
        /unique and sorted/,
      ],
      [() => set('bp.aa', [['bp.ab', 0]]), /must be 1 to 10,000,000/],
      [() => set('bp.aa', [['bp.ab', 10_000_001]]), /must be 1 to 10,000,000/],
    ];
    for (const [act, refusal] of refusals) expect(act).toThrow(refusal);
    expect(chain.rows('latencies')).toEqual([]);
  });
});
