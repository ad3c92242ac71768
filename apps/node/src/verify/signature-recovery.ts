/** The fastest recovery of public keys that this installation has. */
import { createRequire } from 'node:module';
import { portableRecover, type RecoverPort } from '@snapscale/crypto';
import { recoverP256 } from './p256-recovery.js';

/** A recovery port and what it uses, for a line in the log. */
export type SignatureRecovery = { readonly port: RecoverPort; readonly description: string };

/** The part of the package `secp256k1` that is used. Throws when no key results. */
type NativeK1 = {
  ecdsaRecover(compact64: Uint8Array, recoveryId: number, digest: Uint8Array, compressed: boolean): Uint8Array;
};

/**
 * Loads the recovery port. K1: libsecp256k1 (about 0.06 ms each) where the package brings a binary for this system,
 * else portable code (about 1.6 ms). R1: OpenSSL's arithmetic (about 0.4 ms instead of 2.9 ms).
 */
export function loadSignatureRecovery(): SignatureRecovery {
  const native = loadNativeK1();
  if (native === undefined) {
    return {
      port: { recoverK1: portableRecover.recoverK1, recoverR1: recoverP256 },
      description: `K1 by portable code, about 30 times as slow (no binary of secp256k1 for ${process.platform}-${process.arch}); R1 by node:crypto`,
    };
  }
  return {
    port: {
      recoverK1: (compact64, recoveryId, digest) => native.ecdsaRecover(compact64, recoveryId, digest, true),
      recoverR1: recoverP256,
    },
    description: 'K1 by libsecp256k1; R1 by node:crypto',
  };
}

/** The package's own entry falls back to slow JavaScript without a word, hence its module with the binding alone. */
function loadNativeK1(): NativeK1 | undefined {
  try {
    return createRequire(import.meta.url)('secp256k1/bindings.js') as NativeK1;
  } catch {
    return undefined;
  }
}
