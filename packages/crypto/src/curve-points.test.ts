import { expect, test } from 'vitest';
import { isSignatureBy, pointOf, publicKeyOfPoint } from './curve-points.js';
import { publicKeyOf, sign } from './ecdsa.js';
import { CryptoError } from './errors.js';
import { sha256 } from './hash.js';
import { makeWebAuthnPublicKey, type PublicKey, privateKeyFromBytes } from './keys.js';

const keys = (['K1', 'R1'] as const).map((type) => ({
  type,
  key: privateKeyFromBytes(type, new Uint8Array(32).fill(7)),
}));

test('a key is the same with both coordinates of its point, and with one', () => {
  for (const { type, key } of keys) {
    const publicKey = publicKeyOf(key);
    const point = pointOf(publicKey);
    expect([point.length, point[0]]).toEqual([65, 4]);
    expect(publicKeyOfPoint(type, point)).toEqual(publicKey);
    expect(publicKeyOfPoint(type, publicKey.subarray(1))).toEqual(publicKey);
  }
});

test('points that are on no curve, of another size, of another kind of key', () => {
  for (const { type, key } of keys) {
    const point = pointOf(publicKeyOf(key));
    const moved = point.slice();
    moved[64]! ^= 1;
    for (const wrong of [
      moved,
      point.subarray(1),
      new Uint8Array(65),
      new Uint8Array(0),
      Uint8Array.from([6, ...point.subarray(1)]),
    ]) {
      expect(() => publicKeyOfPoint(type, wrong)).toThrow(CryptoError);
    }
    const packed = publicKeyOf(key).slice();
    packed.fill(0xff, 2);
    expect(() => pointOf(packed as PublicKey)).toThrow(CryptoError);
  }
  const webAuthn = makeWebAuthnPublicKey(publicKeyOf(keys[1]!.key).subarray(1), 1, Uint8Array.of(97));
  expect(() => pointOf(webAuthn)).toThrow(CryptoError);
  expect(isSignatureBy(webAuthn, new Uint8Array(64), new Uint8Array(32))).toBe(false);
});

test('signatures without a recovery id, also with high s', () => {
  const digest = sha256(new TextEncoder().encode('a message'));
  const orders = {
    K1: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    R1: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  };
  for (const { type, key } of keys) {
    const compact = sign(key, digest).slice(2, 66);
    expect(isSignatureBy(publicKeyOf(key), compact, digest)).toBe(true);
    const s = BigInt(`0x${Buffer.from(compact.subarray(32)).toString('hex')}`);
    const high = Uint8Array.from([
      ...compact.subarray(0, 32),
      ...Buffer.from((orders[type] - s).toString(16).padStart(64, '0'), 'hex'),
    ]);
    expect(isSignatureBy(publicKeyOf(key), high, digest)).toBe(true);
    expect(isSignatureBy(publicKeyOf(key), compact, sha256(digest))).toBe(false);
    expect(isSignatureBy(publicKeyOf(key), new Uint8Array(64), digest)).toBe(false);
    expect(isSignatureBy(publicKeyOf(key), compact.subarray(1), digest)).toBe(false);
  }
});
