/** The pure rules of the system contract, as compiled for the chain, against what their words say. */
import { fileURLToPath } from 'node:url';
import {
  type BlsPublicKey,
  blsPublicKeyOf,
  formatBlsPublicKey,
  formatPublicKey,
  makeWebAuthnPublicKey,
  publicKeyFromBytes,
  publicKeyOf,
  toHex,
} from '@snapscale/crypto';
import { TestLedger } from '@snapscale/execution/testing';
import { type Json, limits, voteDigest } from '@snapscale/protocol';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BuiltContract, buildForTest } from '../../../testing/index.js';
import { blockKey, finalizerKey, producerNames, SystemChain, slotBySlot } from './system-chain.js';

// The first build on a machine precompiles the SDK.
const buildMsMax = 240_000;
let ledger: TestLedger;
let probe: BuiltContract;

beforeAll(async () => {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  probe = await buildForTest({ name: 'probe', sources: [path('rules-probe.cpp')], includeDirs: [path('..')] });
  ledger = new TestLedger();
  ledger.createAccount('probe');
  ledger.deploy('probe', probe.wasm, probe.abi);
}, buildMsMax);

/** Calls a rule; its result as packed, and what it cost. */
function call(rule: string, data: Json): { readonly packed: Uint8Array; readonly gasUs: number } {
  if (ledger.pending.size > 4) ledger.produceBlock();
  const { actionTraces, elapsedUs } = ledger.push('probe', rule, 'probe', data);
  return { packed: actionTraces[0]!.returnValue, gasUs: elapsedUs };
}

/** A packed list of fewer than 128 bytes. */
const listOf = (packed: Uint8Array): number[] => [...packed.subarray(1)];

describe('the duty for a slot', () => {
  const duties = (parentSlot: number, slot: number, slots: number, producers: number) =>
    listOf(call('duties', { parent_slot: parentSlot, slot, slots, producers }).packed);

  test('is a turn of twelve slots each, when no slot is empty', () => {
    expect(duties(99, 100, 1, 4)).toEqual([8 % 4]);
    const each = Array.from({ length: 48 }, (_, i) => duties(95 + i, 96 + i, 1, 4)[0]);
    expect(each).toEqual(Array.from({ length: 48 }, (_, i) => Math.floor(i / 12)));
  });

  test('passes on after three empty slots, and again after three more, within the turn', () => {
    expect(duties(95, 96, 24, 4)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 1, 1, 1, 2, 2, 2, 3, 3, 3, 0, 0, 0]);
  });

  test('counts empty slots from the last block of the turn on', () => {
    expect(duties(97, 98, 10, 4)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3]);
  });

  test('returns to the first of two after six', () => {
    expect(duties(95, 96, 12, 2)).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]);
  });

  test('is, for any schedule and gap, what the words of consensus.md 1 give slot by slot', () => {
    const schedule = fc.record({
      producers: fc.integer({ min: 1, max: limits.producersMax }),
      parentSlot: fc.integer({ min: 0, max: 4_000_000_000 }),
      gap: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(schedule, ({ producers, parentSlot, gap }) => {
        const slot = parentSlot + gap;
        expect(duties(parentSlot, slot, 1, producers)).toEqual([slotBySlot(producers, parentSlot, slot)]);
      }),
      { numRuns: 300 },
    );
  });
});

type Measured = readonly (readonly number[])[];

describe('the order of turns', () => {
  const order = (measured: Measured, current: readonly number[] = []) => {
    const { packed, gasUs } = call('order', {
      size: measured.length,
      measured: measured.flat(),
      current: toHex(Uint8Array.from(current)),
    });
    return { ring: listOf(packed), gasUs };
  };

  test('of one, two and three producers is that of their names', () => {
    for (const size of [1, 2, 3]) {
      expect(order(square(size, () => 7)).ring).toEqual(Array.from({ length: size }, (_, i) => i));
    }
  });

  test('without measurements is that of the names', () => {
    expect(order(square(9, () => 0)).ring).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('goes round a circle of places', () => {
    // Producer i stands at place 5i mod 21 of a circle.
    const place = (i: number) => (5 * i) % 21;
    const apart = (a: number, b: number) => Math.min((a - b + 21) % 21, (b - a + 21) % 21);
    const { ring } = order(square(21, (a, b) => 1000 * apart(place(a), place(b))));
    expect(ring.map(place).map((at, i, all) => apart(at, all[(i + 1) % 21]!))).toEqual(Array(21).fill(1));
  });

  test('undoes a crossing that the nearest neighbours make', () => {
    const points = [
      [0, 0],
      [10, 0],
      [9, 12],
      [1, 11],
    ] as const;
    const { ring } = order(square(4, (a, b) => distance(points[a]!, points[b]!)));
    expect(ring).toEqual([0, 1, 2, 3]);
  });

  test('takes the greater of two measurements of one pair, so that nobody can claim to be near', () => {
    const honest = square(5, (a, b) => (a + b === 4 ? 500 : 100));
    const liar = honest.map((row, a) => row.map((time, b) => (a === 4 && b === 0 ? 1 : time)));
    expect(order(liar).ring).toEqual(order(honest).ring);
  });

  test('counts a pair that nobody measured as the farthest', () => {
    const times = square(5, (a, b) => (Math.abs(a - b) === 1 || Math.abs(a - b) === 4 ? 300 : 200));
    const unknown = times.map((row, a) =>
      row.map((time, b) => (Math.abs(a - b) === 2 || Math.abs(a - b) === 3 ? 0 : time)),
    );
    expect(order(unknown).ring).toEqual([0, 1, 2, 3, 4]);
    expect(order(times).ring).not.toEqual([0, 1, 2, 3, 4]);
  });

  test('keeps the order in force unless the new one is shorter by a tenth', () => {
    const ringOf = (swap: number) => square(6, (a, b) => (Math.abs(a - b) === 1 || Math.abs(a - b) === 5 ? 100 : swap));
    const current = [0, 2, 1, 3, 4, 5];
    expect(order(ringOf(125), current).ring).toEqual(current);
    expect(order(ringOf(140), current).ring).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('is a ring of all producers, never longer than nearest neighbours give, and the same for the same input', () => {
    const places = fc.array(fc.tuple(fc.nat(30_000), fc.nat(30_000)), { minLength: 1, maxLength: 25 });
    fc.assert(
      fc.property(places, (points) => {
        const times = square(points.length, (a, b) => distance(points[a]!, points[b]!));
        const { ring } = order(times);
        expect([...ring].sort((a, b) => a - b)).toEqual(points.map((_, i) => i));
        expect(lengthOf(times, ring)).toBeLessThanOrEqual(lengthOf(times, nearestNeighbours(times)));
        expect(ring[0]).toBe(0);
        expect(order(times, ring).ring).toEqual(ring);
      }),
      { numRuns: 60 },
    );
  });

  test('is as short as can be for rings of seven, or nearly', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9999), fc.nat(9999)), { minLength: 7, maxLength: 7 }), (points) => {
        const times = square(7, (a, b) => distance(points[a]!, points[b]!));
        const best = Math.min(...permutations([1, 2, 3, 4, 5, 6]).map((rest) => lengthOf(times, [0, ...rest])));
        expect(lengthOf(times, order(times).ring)).toBeLessThanOrEqual(1.25 * best);
      }),
      { numRuns: 25, seed: 20 },
    );
  });

  test('of 125 producers costs less than 20 ms, whatever they have measured', () => {
    let state = 1;
    const random = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return 1 + ((state >>> 8) % 300_000);
    };
    expect(order(square(125, random)).gasUs).toBeLessThan(20_000);
    const scattered = Array.from({ length: 125 }, () => [random(), random()] as const);
    expect(order(square(125, (a, b) => distance(scattered[a]!, scattered[b]!))).gasUs).toBeLessThan(20_000);
  });
});

function square(size: number, time: (a: number, b: number) => number): number[][] {
  return Array.from({ length: size }, (_, a) => Array.from({ length: size }, (_, b) => (a === b ? 0 : time(a, b))));
}

function distance([x, y]: readonly [number, number], [u, v]: readonly [number, number]): number {
  return Math.max(1, Math.floor(Math.hypot(x - u, y - v)));
}

function lengthOf(times: Measured, ring: readonly number[]): number {
  return ring.reduce((sum, at, i) => sum + times[at]![ring[(i + 1) % ring.length]!]!, 0);
}

function nearestNeighbours(times: Measured): number[] {
  const left = times.map((_, i) => i).slice(1);
  const ring = [0];
  while (left.length > 0) {
    const from = times[ring.at(-1)!]!;
    left.sort((a, b) => from[a]! - from[b]! || a - b);
    ring.push(left.shift()!);
  }
  return ring;
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}

describe('a key that can sign blocks', () => {
  const usable = (key: string) => call('usable', { key }).packed[0] === 1;
  const withX = (type: number, x: (bytes: Uint8Array) => void) => {
    const bytes = new Uint8Array(34);
    bytes[0] = type;
    bytes[1] = 2;
    x(bytes.subarray(2));
    return formatPublicKey(publicKeyFromBytes(bytes));
  };

  test.each(['K1', 'R1'] as const)('is any point of %s', (type) => {
    for (let i = 1; i < 8; i++) {
      const secret = blockKey(`bp${i}`).secret;
      expect(usable(formatPublicKey(publicKeyOf({ type, secret })))).toBe(true);
    }
  });

  test.each([
    ['K1: an x without a point', 0, 5],
    ['R1: an x without a point', 1, 2],
  ])('is not %s', (_, type, x) => {
    expect(usable(withX(type, (bytes) => void (bytes[31] = x)))).toBe(false);
  });

  test.each([0, 1])('is not an x beyond the prime (type %i)', (type) => {
    expect(usable(withX(type, (bytes) => bytes.fill(255)))).toBe(false);
  });

  test('is not one with another first byte, nor a WebAuthn key', () => {
    const point = publicKeyOf(blockKey('bp')).slice(1);
    const uncompressed = Uint8Array.of(0, 4, ...point.subarray(1));
    expect(usable(formatPublicKey(publicKeyFromBytes(uncompressed)))).toBe(false);
    expect(usable(formatPublicKey(makeWebAuthnPublicKey(point, 1, new TextEncoder().encode('example.org'))))).toBe(
      false,
    );
  });
});

describe('a finalizer key', () => {
  const isKey = (bytes: Uint8Array) =>
    call('iskey', { key: formatBlsPublicKey(bytes as BlsPublicKey) }).packed[0] === 1;
  const prime = BigInt(
    '0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab',
  );

  test('is a point of the group', () => {
    expect(isKey(blsPublicKeyOf(finalizerKey('bp')))).toBe(true);
  });

  test('is not the identity, a pair of numbers off the curve, or one that is not below the prime', () => {
    expect(isKey(new Uint8Array(96))).toBe(false);
    expect(isKey(new Uint8Array(96).fill(1))).toBe(false);
    expect(isKey(new Uint8Array(96).fill(255))).toBe(false);
  });

  test('is not a point of the curve outside of the group', () => {
    const power = (base: bigint, exponent: bigint): bigint => {
      if (exponent === 0n) return 1n;
      const half = power((base * base) % prime, exponent / 2n);
      return exponent % 2n === 0n ? half : (half * base) % prime;
    };
    let x = 4n;
    while (power(x * x * x + 4n, (prime - 1n) / 2n) !== 1n) x++;
    const y = power(x * x * x + 4n, (prime + 1n) / 4n);
    const bytes = new Uint8Array(96);
    for (const [i, value] of [x, y].entries()) {
      for (let j = 0; j < 48; j++) bytes[48 * i + j] = Number((value >> BigInt(8 * j)) & 255n);
    }
    expect(isKey(bytes)).toBe(false);
  });
});

test('a vote signs the digest of the protocol', () => {
  const chainId = Uint8Array.from({ length: 32 }, (_, i) => i);
  const blockId = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
  for (const phase of [0, 1] as const) {
    const data = { chain_id: toHex(chainId), phase, slot: 1_600_000_123, block: toHex(blockId) };
    const { packed } = call('vote', data);
    expect(toHex(packed)).toBe(toHex(voteDigest(chainId, { phase, slot: 1_600_000_123, blockId })));
  }
});

test('once certificates are required, a schedule has only producers that snap.ca keeps as certified', () => {
  const four = producerNames(4);
  const chain = SystemChain.start([...four, 'alice'], { finalizer_keys_required: false });
  chain.createAccounts('snap.ca');
  chain.ledger.deploy('snap.ca', probe.wasm, probe.abi);
  chain.setParameters({ finalizer_keys_required: false, certificates_required: true });
  chain.register(four);
  chain.stake('alice', '1.0000 XST');
  chain.vote('alice', ...four);
  const certify = (account: string, valid_until: string) =>
    chain.push('snap.ca', 'certify', 'snap.ca', { account, valid_until });
  for (const account of ['bp.ab', 'bp.ad', 'alice']) certify(account, '2100-01-01T00:00:00');
  certify('bp.ac', '2025-01-01T00:00:00');
  chain.nextRound();
  chain.nextRound();
  expect(chain.schedule).toEqual(['bp.ab', 'bp.ad']);
});
