import { readFileSync } from 'node:fs';
import { CryptoError, sha256 } from '@snapscale/crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitAt } from './bucket-path.js';
import { latin1Bytes } from './leaves.js';
import { StateCommitment } from './state-commitment.js';
import {
  decodeStateProof,
  encodeStateProof,
  STATE_PROOF_BYTES_MAX,
  type StateProof,
  verifyStateProof,
} from './state-proof.js';

const key = (i: number) => `a${String.fromCharCode(i >> 8, i & 255)}`;
const value = (i: number) => latin1Bytes(`value ${i}`);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const COUNT = 2000;

function commitmentOf(count: number): StateCommitment {
  const buckets = new Map<string, Uint8Array>();
  const commitment = new StateCommitment({ get: (path) => buckets.get(path), scan: () => buckets });
  commitment.update(Array.from({ length: count }, (_, i) => [key(i), value(i)]));
  return commitment;
}

const commitment = commitmentOf(COUNT);
const { root } = commitment;
const member = commitment.proof(key(5));
const absentKey = key(COUNT + 1);
const absent = commitment.proof(absentKey);

describe('honest proofs', () => {
  test('verify for members and for absent keys, in trees of many sizes', () => {
    for (const count of [0, 1, 16, 17, 33, 300]) {
      const tree = commitmentOf(count);
      for (let i = 0; i < count + 20; i++) {
        const proof = tree.proof(key(i));
        expect(proof.kind).toBe(i < count ? 'member' : 'absent');
        expect(verifyStateProof(tree.root, key(i), i < count ? value(i) : null, proof)).toBe(true);
        expect(decodeStateProof(encodeStateProof(proof))).toEqual(proof);
      }
    }
  });

  test('are short: some hundred bytes of siblings and at most sixteen leaves', () => {
    const bytes = encodeStateProof(member).length;
    expect(member.siblings.length).toBeLessThan(16);
    expect(bytes).toBeLessThan(1600);
    expect(bytes).toBeLessThan(STATE_PROOF_BYTES_MAX);
  });
});

describe('what a proof does not prove', () => {
  test('another value, another key, another root, or the opposite', () => {
    expect(verifyStateProof(root, key(5), value(5), member)).toBe(true);
    expect(verifyStateProof(root, key(5), value(6), member)).toBe(false);
    expect(verifyStateProof(root, key(5), new Uint8Array(0), member)).toBe(false);
    expect(verifyStateProof(root, key(5), null, member)).toBe(false);
    expect(verifyStateProof(root, key(6), value(6), member)).toBe(false);
    expect(verifyStateProof(root, absentKey, null, absent)).toBe(true);
    expect(verifyStateProof(root, absentKey, value(1), absent)).toBe(false);
    expect(verifyStateProof(root, key(5), null, absent)).toBe(false);
    expect(verifyStateProof(sha256(root), key(5), value(5), member)).toBe(false);
    expect(verifyStateProof(root.subarray(1), key(5), value(5), member)).toBe(false);
    expect(verifyStateProof(new Uint8Array(0), key(5), value(5), member)).toBe(false);
  });

  test('the wrong kind', () => {
    expect(verifyStateProof(root, key(5), value(5), { ...member, kind: 'absent' })).toBe(false);
    expect(verifyStateProof(root, absentKey, null, { ...absent, kind: 'member' })).toBe(false);
  });

  test('a key that only looks like the same bytes', () => {
    const alias = key(5).replace(/./gs, (char) => String.fromCharCode(char.charCodeAt(0) + 256));
    expect(latin1Bytes(alias)).toEqual(latin1Bytes(key(5)));
    expect(verifyStateProof(root, alias, value(5), member)).toBe(false);
  });
});

describe('attacks', () => {
  const verify = (proof: StateProof) => verifyStateProof(root, key(5), value(5), proof);
  const hideKey = (): StateProof => {
    const hash = Buffer.from(sha256(latin1Bytes(key(5)))).toString('hex');
    const leaves = Buffer.from(member.leaves)
      .toString('hex')
      .match(/.{128}/g)!;
    const left = leaves.filter((leaf) => !leaf.startsWith(hash)).join('');
    return { ...member, kind: 'absent', leaves: new Uint8Array(Buffer.from(left, 'hex')) };
  };

  test('hiding a leaf to prove absence', () => {
    const forged = hideKey();
    expect(forged.leaves.length).toBe(member.leaves.length - 64);
    expect(verifyStateProof(root, key(5), null, forged)).toBe(false);
    expect(verifyStateProof(root, key(5), null, { ...forged, leaves: new Uint8Array(0) })).toBe(false);
  });

  test('a sibling changed, swapped, left out, added or of another size', () => {
    const { siblings } = member;
    const bent = siblings.map((s, i) => (i === 3 ? s.map((byte, k) => (k === 9 ? byte ^ 1 : byte)) : s));
    expect(verify({ ...member, siblings: bent })).toBe(false);
    expect(verify({ ...member, siblings: siblings.slice().reverse() })).toBe(false);
    expect(verify({ ...member, siblings: siblings.slice(1) })).toBe(false);
    expect(verify({ ...member, siblings: siblings.slice(0, -1) })).toBe(false);
    expect(verify({ ...member, siblings: [...siblings, new Uint8Array(32)] })).toBe(false);
    expect(verify({ ...member, siblings: siblings.map((s) => s.subarray(1)) })).toBe(false);
    expect(verify({ ...member, siblings: [] })).toBe(false);
    expect(verify({ ...member, siblings: Array.from({ length: 257 }, () => new Uint8Array(32)) })).toBe(false);
  });

  test('leaves reordered, repeated, cut, or moved in from elsewhere', () => {
    const parts = Array.from({ length: member.leaves.length / 64 }, (_, i) => member.leaves.slice(64 * i, 64 * i + 64));
    const join = (list: Uint8Array[]) => new Uint8Array(Buffer.concat(list));
    expect(verify({ ...member, leaves: join([...parts].reverse()) })).toBe(false);
    expect(verify({ ...member, leaves: join([...parts, parts.at(-1)!]) })).toBe(false);
    expect(verify({ ...member, leaves: member.leaves.slice(0, -1) })).toBe(false);
    expect(verify({ ...member, leaves: join([...parts, absent.leaves.slice(0, 64)]) })).toBe(false);
    expect(verify({ ...member, leaves: join(Array.from({ length: 17 }, () => parts[0]!)) })).toBe(false);
  });

  test('a bucket that the attacker made, of the entry that he wants', () => {
    const forged = new Uint8Array(Buffer.concat([sha256(latin1Bytes(key(5))), sha256(value(666))]));
    const proof: StateProof = { ...member, leaves: forged };
    expect(verifyStateProof(root, key(5), value(666), proof)).toBe(false);
    expect(verifyStateProof(root, key(5), value(666), { ...proof, siblings: [] })).toBe(false);
  });

  test('an interior node passed off as a bucket, or a bucket as an interior node', () => {
    const small = commitmentOf(17);
    const proof = small.proof(key(0));
    const side = bitAt(sha256(latin1Bytes(key(0))), 0, 0);
    const own = sha256(Buffer.concat([Buffer.of(0), proof.leaves]));
    const [left, right] = side === 0 ? [own, proof.siblings[0]!] : [proof.siblings[0]!, own];
    expect(proof.siblings.length).toBe(1);
    expect(sha256(Buffer.concat([Buffer.of(1), left, right]))).toEqual(small.root);
    const asLeaf = new Uint8Array(Buffer.concat([left, right]));
    expect(verifyStateProof(small.root, key(0), null, { kind: 'absent', leaves: asLeaf, siblings: [] })).toBe(false);
  });

  test('the empty bucket stands for nothing but the empty subtree', () => {
    const nothing: StateProof = { kind: 'absent', leaves: new Uint8Array(0), siblings: [] };
    expect(verifyStateProof(new Uint8Array(32), key(5), null, nothing)).toBe(true);
    expect(verifyStateProof(root, key(5), null, nothing)).toBe(false);
  });

  test('no changed bit of an encoded proof passes', () => {
    const bytes = encodeStateProof(member);
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const bent = bytes.slice();
        bent[bit >> 3]! ^= 1 << (bit & 7);
        let proof: StateProof;
        try {
          proof = decodeStateProof(bent);
        } catch (error) {
          expect(error).toBeInstanceOf(CryptoError);
          return;
        }
        expect(verify(proof)).toBe(false);
      }),
      { numRuns: 400 },
    );
  });
});

describe('encoding', () => {
  test('every truncation and every extension is refused', () => {
    const bytes = encodeStateProof(member);
    for (let size = 0; size < bytes.length; size++) {
      expect(() => decodeStateProof(bytes.subarray(0, size))).toThrow(CryptoError);
    }
    expect(() => decodeStateProof(new Uint8Array([...bytes, 0]))).toThrow(CryptoError);
  });

  test.each([
    ['another version', [2, 0, 0, 0, 0]],
    ['another kind', [1, 2, 0, 0, 0]],
    ['too many leaves', [1, 0, 17, 0, 0, ...new Uint8Array(17 * 64)]],
    ['too many siblings', [1, 0, 0, 1, 1, ...new Uint8Array(257 * 32)]],
    ['a length that promises more', [1, 0, 1, 255, 0]],
  ])('%s is refused', (_, bytes) => {
    expect(() => decodeStateProof(Uint8Array.from(bytes))).toThrow(CryptoError);
  });

  test('random bytes never do anything but decode or throw CryptoError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          expect(verifyStateProof(root, key(5), value(5), decodeStateProof(bytes))).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(CryptoError);
        }
      }),
    );
  });
});

type Golden = {
  roots: { entries: number; root: string }[];
  proofs: { entries: number; key: string; value: string | null; proof: string }[];
};

describe('golden vectors', () => {
  const golden: Golden = JSON.parse(
    readFileSync(new URL('../../../../vectors/commitment/state-proofs.json', import.meta.url), 'utf8'),
  );

  test.each(golden.roots)('the root of $entries entries is the recorded one', ({ entries, root: recorded }) => {
    expect(hex(commitmentOf(entries).root)).toBe(recorded);
  });

  test.each(golden.proofs)(
    'the proof for $key among $entries entries is the recorded one',
    ({ entries, ...recorded }) => {
      const tree = commitmentOf(entries);
      const name = Buffer.from(recorded.key, 'hex').toString('latin1');
      const held = recorded.value === null ? null : new Uint8Array(Buffer.from(recorded.value, 'hex'));
      expect(hex(encodeStateProof(tree.proof(name)))).toBe(recorded.proof);
      const proof = decodeStateProof(new Uint8Array(Buffer.from(recorded.proof, 'hex')));
      expect(verifyStateProof(tree.root, name, held, proof)).toBe(true);
    },
  );
});
