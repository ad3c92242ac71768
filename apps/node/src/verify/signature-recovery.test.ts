import { createHash } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { portableRecover, type RecoverPort } from '@snapscale/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recoverP256 } from './p256-recovery.js';
import { loadSignatureRecovery } from './signature-recovery.js';

const { port, description } = loadSignatureRecovery();
const curves = [
  ['recoverK1', secp256k1, portableRecover.recoverK1, port.recoverK1],
  ['recoverR1', p256, portableRecover.recoverR1, port.recoverR1],
] as const;

const bytes = (value: bigint) => Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
const joined = (r: bigint, s: bigint) => Uint8Array.from([...bytes(r), ...bytes(s)]);
const outcome = (recover: RecoverPort['recoverK1'], compact: Uint8Array, recoveryId: number, digest: Uint8Array) => {
  try {
    return Buffer.from(recover(compact, recoveryId, digest)).toString('hex');
  } catch {
    return 'none';
  }
};

describe.each(curves)('%s', (_name, curve, portable, native) => {
  const order = curve.Point.CURVE().n;

  it('finds the signer, for low and high s', () => {
    for (let i = 0; i < 40; i++) {
      const secret = createHash('sha256').update(`key ${i}`).digest();
      const digest = createHash('sha256').update(`message ${i}`).digest();
      const signature = curve.sign(digest, secret, { prehash: false, lowS: i % 2 === 0, format: 'recovered' });
      const key = native(signature.subarray(1), signature[0]!, digest);
      expect(key).toEqual(curve.getPublicKey(secret, true));
      expect(Object.getPrototypeOf(key)).toBe(Uint8Array.prototype);
    }
  });

  it('agrees with the portable code on arbitrary and on extreme numbers', () => {
    const special = [0n, 1n, 2n, order - 2n, order - 1n, order, order + 1n, 2n ** 256n - 1n];
    const number = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.constantFrom(...special));
    fc.assert(
      fc.property(number, number, fc.nat(3), number, (r, s, recoveryId, z) => {
        const compact = joined(r, s);
        expect(outcome(native, compact, recoveryId, bytes(z))).toBe(outcome(portable, compact, recoveryId, bytes(z)));
      }),
      { numRuns: 120 },
    );
  });

  it('agrees where multiples coincide or vanish', () => {
    const r = curve.Point.BASE.multiply(5n).toAffine().x % order;
    for (const s of [r, order - r, (r * 2n) % order, order - ((r * 2n) % order), 1n]) {
      for (const z of [0n, order, r, order - r, (order - ((r * 5n) % order)) % order, (r * 5n) % order, 7n]) {
        for (const recoveryId of [0, 1]) {
          const compact = joined(r, s);
          expect(outcome(native, compact, recoveryId, bytes(z))).toBe(outcome(portable, compact, recoveryId, bytes(z)));
        }
      }
    }
  });
});

describe('loadSignatureRecovery', () => {
  it('uses the native binding here, and says so', () => {
    expect(description).toBe('K1 by libsecp256k1; R1 by node:crypto');
    expect(port.recoverK1).not.toBe(portableRecover.recoverK1);
  });

  it('refuses what is not a signature', () => {
    for (const recover of [port.recoverK1, recoverP256]) {
      expect(() => recover(new Uint8Array(64), 0, new Uint8Array(32))).toThrow();
      expect(() => recover(new Uint8Array(64).fill(0xff), 0, new Uint8Array(32))).toThrow();
    }
  });
});
