import { readFileSync } from 'node:fs';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import * as wharfkit from '@wharfkit/antelope';
import secp256k1Native from 'secp256k1';
import { describe, expect, test } from 'vitest';
import { concatBytes, fromHex, toHex } from './bytes.js';
import {
  isCanonicalK1,
  isUsablePublicKey,
  portableRecover,
  publicKeyOf,
  type RecoverPort,
  recoverPublicKey,
  sign,
} from './ecdsa.js';
import { CryptoError } from './errors.js';
import { sha256 } from './hash.js';
import {
  formatLegacyPublicKey,
  formatPrivateKey,
  formatPublicKey,
  formatSignature,
  type PrivateKey,
  parsePublicKey,
  privateKeyFromBytes,
  publicKeyFromBytes,
  type Signature,
  signatureFromBytes,
} from './keys.js';

type Pinned = { what: string; cases: number; sha256: string };
type Vectors = {
  source: string;
  signatures: { key: string; type: 'K1' | 'R1'; message: string; r: string; s: string }[];
  pinned: Pinned;
};
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../../vectors/crypto/signatures.json', import.meta.url), 'utf8'),
);

const ascii = (text: string) => new TextEncoder().encode(text);
const K1_ORDER = secp256k1.Point.Fn.ORDER;

function generatedCase(index: number): { key: PrivateKey; digest: Uint8Array } {
  const type = index % 3 === 2 ? 'R1' : 'K1';
  return { key: privateKeyFromBytes(type, sha256(ascii(`key ${index}`))), digest: sha256(ascii(`digest ${index}`)) };
}

/** A K1 signature with given scalars; `header` is 27 + 4 + recovery id. */
function k1Signature(r: bigint, s: bigint, header = 31): Signature {
  const hex = (value: bigint) => value.toString(16).padStart(64, '0');
  return signatureFromBytes(concatBytes(Uint8Array.of(0, header), fromHex(hex(r) + hex(s))));
}

/** Hex of a recovered key, or 'none' when recovery throws. */
function outcome(recover: () => Uint8Array): string {
  try {
    return toHex(recover());
  } catch {
    return 'none';
  }
}

const scalar = (sig: Signature, offset: number) => BigInt(`0x${toHex(sig.subarray(offset, offset + 32))}`);

describe('sign', () => {
  test.each(vectors.signatures)(
    '$type signature of "$message" is the published one',
    ({ key, type, message, r, s }) => {
      const signature = sign(privateKeyFromBytes(type, fromHex(key)), sha256(ascii(message)));
      expect(toHex(signature.subarray(2))).toBe(r + s);
    },
  );

  test('signatures, keys and texts of many generated cases are the pinned ones', () => {
    const lines: string[] = [];
    for (let i = 0; i < vectors.pinned.cases; i++) {
      const { key, digest } = generatedCase(i);
      const publicKey = publicKeyOf(key);
      const texts = [formatPrivateKey(key), formatPublicKey(publicKey), formatLegacyPublicKey(publicKey)];
      lines.push([...texts, formatSignature(sign(key, digest))].join(' '));
    }
    expect(toHex(sha256(ascii(lines.join('\n'))))).toBe(vectors.pinned.sha256);
  });

  test('agrees with another implementation, and each recovers the other', () => {
    for (let i = 0; i < 12; i++) {
      const { key, digest } = generatedCase(i);
      const otherKey = wharfkit.PrivateKey.from(formatPrivateKey(key));
      const signature = sign(key, digest);
      const other = otherKey.signDigest(wharfkit.Checksum256.from(digest));
      expect(formatSignature(signature)).toBe(other.toString());
      expect(recoverPublicKey(signature, digest)).toEqual(publicKeyOf(key));
      expect(other.recoverDigest(wharfkit.Checksum256.from(digest)).toString()).toBe(formatPublicKey(publicKeyOf(key)));
    }
  });

  test('K1 signatures are canonical', () => {
    for (let i = 0; i < 30; i += 3) {
      const { key, digest } = generatedCase(i);
      expect(isCanonicalK1(sign(key, digest).subarray(1))).toBe(true);
    }
  });

  test('refuses what is no digest', () => {
    expect(() => sign(generatedCase(0).key, new Uint8Array(31))).toThrow(CryptoError);
    expect(() => recoverPublicKey(k1Signature(1n, 1n), new Uint8Array(33))).toThrow(CryptoError);
  });
});

describe('isCanonicalK1', () => {
  const half = 'ff'.repeat(30);
  test.each([
    ['both ordinary', `7fff${half}`, `7fff${half}`, true],
    ['top bit of r', `80ff${half}`, `7fff${half}`, false],
    ['top bit of s', `7fff${half}`, `80ff${half}`, false],
    ['r could be shorter', `007f${half}`, `7fff${half}`, false],
    ['s could be shorter', `7fff${half}`, `007f${half}`, false],
    ['zero byte that DER would need', `0080${half}`, `0080${half}`, true],
  ])('%s', (_, r, s, expected) => {
    expect(isCanonicalK1(fromHex(`1f${r}${s}`))).toBe(expected);
  });
});

describe('recoverPublicKey', () => {
  const { key, digest } = generatedCase(0);
  const good = sign(key, digest);
  const { key: keyR1, digest: digestR1 } = generatedCase(2);
  const goodR1 = sign(keyR1, digestR1);

  test('another digest gives another key', () => {
    expect(recoverPublicKey(good, sha256(digest))).not.toEqual(publicKeyOf(key));
  });

  test('header bytes 27 to 34 name a recovery id, others nothing', () => {
    const recoveryId = good[1]! - 31;
    for (let header = 0; header < 256; header++) {
      const bent = good.slice() as Signature;
      bent[1] = header;
      if (header >= 27 && header <= 34) {
        if (((header - 27) & 3) === recoveryId) expect(recoverPublicKey(bent, digest)).toEqual(publicKeyOf(key));
      } else expect(() => recoverPublicKey(bent, digest)).toThrow(/header byte/);
    }
  });

  test('a K1 signature that is not canonical needs the waiver', () => {
    const flipped = k1Signature(
      scalar(good, 2),
      K1_ORDER - scalar(good, 34),
      good[1]! ^ 1 ? ((good[1]! - 31) ^ 1) + 31 : 0,
    );
    expect(() => recoverPublicKey(flipped, digest)).toThrow(/not canonical/);
    const recovered = recoverPublicKey(flipped, digest, portableRecover, { requireCanonical: false });
    expect(recovered).toEqual(publicKeyOf(key));
  });

  test('an R1 signature with high s is refused', () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const bent = goodR1.slice() as Signature;
    bent.set(fromHex((order - scalar(goodR1, 34)).toString(16).padStart(64, '0')), 34);
    expect(() => recoverPublicKey(bent, digestR1)).toThrow(/high s/);
    expect(recoverPublicKey(goodR1, digestR1)).toEqual(publicKeyOf(keyR1));
  });

  test.each([
    ['r zero', 0n, 1n],
    ['s zero', 1n, 0n],
    ['r the order', K1_ORDER, 1n],
    ['s the order', 1n, K1_ORDER],
    ['r no coordinate of a point', 5n, 1n],
  ])('%s recovers to nothing', (_, r, s) => {
    const run = () => recoverPublicKey(k1Signature(r, s), digest, portableRecover, { requireCanonical: false });
    expect(run).toThrow(CryptoError);
  });

  test('random scalars recover to what libsecp256k1 recovers, or to nothing for both', () => {
    let recovered = 0;
    for (let i = 0; i < 40; i++) {
      const compact = concatBytes(sha256(ascii(`r${i}`)), sha256(ascii(`s${i}`)));
      const ours = outcome(() => portableRecover.recoverK1(compact, i % 4, digest));
      const native = outcome(() => secp256k1Native.ecdsaRecover(compact, i % 4, digest, true));
      expect(ours).toBe(native);
      if (ours !== 'none') recovered++;
      const signature = signatureFromBytes(concatBytes(Uint8Array.of(0, 31 + (i % 4)), compact));
      const run = () => recoverPublicKey(signature, digest, portableRecover, { requireCanonical: false });
      if (ours === 'none') expect(run).toThrow(CryptoError);
    }
    expect(recovered).toBeGreaterThan(5);
  });

  test('uses the port it is given, and wraps what the port throws', () => {
    const point = publicKeyOf(key).subarray(1);
    const calls: unknown[][] = [];
    const port: RecoverPort = {
      recoverK1: (...args) => {
        calls.push(args);
        return point;
      },
      recoverR1: () => {
        throw new Error('native failure');
      },
    };
    expect(recoverPublicKey(good, digest, port)).toEqual(publicKeyOf(key));
    expect(calls).toEqual([[good.subarray(2), good[1]! - 31, digest]]);
    expect(() => recoverPublicKey(goodR1, digestR1, port)).toThrow(CryptoError);
  });
});

describe('isUsablePublicKey', () => {
  test('tells points from other bytes', () => {
    expect(isUsablePublicKey(publicKeyOf(generatedCase(0).key))).toBe(true);
    expect(isUsablePublicKey(publicKeyOf(generatedCase(2).key))).toBe(true);
    expect(isUsablePublicKey(parsePublicKey('EOS1111111111111111111111111111111114T1Anm'))).toBe(false);
    const offCurve = publicKeyFromBytes(concatBytes(Uint8Array.of(0, 2), new Uint8Array(31), Uint8Array.of(5)));
    expect(isUsablePublicKey(offCurve)).toBe(false);
  });
});
